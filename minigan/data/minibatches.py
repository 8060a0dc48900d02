"""The minibatches of a run, counted from 0, in a new order every epoch."""

from collections.abc import Callable
from typing import Any

import numpy as np

from minigan.backend import Backend, to_host
from minigan.data.dataset import Array
from minigan.errors import InputError
from minigan.random import Streams


class Minibatches:
    """Minibatch i of a run, a function of (seed, i) alone.

    x (n, features) is moved to the backend once and as it is: pixels stay bytes until a minibatch needs them.
    What is mapped from a file stays on the disk, and a minibatch of it is moved when it is needed.
    An epoch is `per_epoch` = n // batch minibatches; the n % batch examples over are others in every epoch.
    mine: which rows of each minibatch to give, where several workers share it.  InputError for a batch that
    is larger than the data, or empty.
    """

    def __init__(
        self,
        x: np.ndarray,
        batch: int,
        streams: Streams,
        backend: Backend,
        prepare: Callable[[Array], Array],
        mine: slice = slice(None),
    ) -> None:
        if not 1 <= batch <= len(x):
            raise InputError(f"batch is {batch}, expected 1 to {len(x)}, the number of training examples")
        self.on_disk = is_mapped(x)
        self.x = x if self.on_disk else backend.asarray(x)
        self.batch, self.per_epoch, self.mine = batch, len(x) // batch, mine
        self._streams, self._backend, self._prepare = streams, backend, prepare
        self._epoch = -1
        self._order: Array = None  # made for the first minibatch of an epoch

    def minibatch(self, i: int) -> Array:
        """(batch, features), prepared for a network, in the backend's dtype.

        Never waits for the GPU, unless the data are on the disk.
        """
        x = self._backend.asarray(self.x[self.rows(i)])
        return self._prepare(x.astype(self._backend.dtype, copy=False))

    def rows(self, i: int) -> Array:
        """Which examples minibatch i holds: their row numbers, (batch,)."""
        epoch, place = divmod(i, self.per_epoch)
        if epoch != self._epoch:
            order = self._streams("order", epoch).permutation(len(self.x))
            self._epoch, self._order = epoch, to_host(order) if self.on_disk else order
        return self._order[place * self.batch : (place + 1) * self.batch][self.mine]


def is_mapped(x: Any) -> bool:
    """Whether the array is a file that is mapped, or a view of one."""
    while isinstance(x, np.ndarray) and not isinstance(x, np.memmap):
        x = x.base
    return isinstance(x, np.memmap)
