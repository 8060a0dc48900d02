"""What each trial needs and no mistake is in, loaded once; pytest has been here and found nothing to do."""

import contextlib
import gc
import importlib
import io
import tempfile

import pytest

# Some of it at the first use alone.
LATE = ("hypothesis.extra.numpy", "numpy.random", "numpy.testing", "matplotlib.backends.backend_agg", "pooch")
for name in LATE:
    importlib.import_module(name)
with tempfile.TemporaryDirectory() as empty, contextlib.redirect_stdout(io.StringIO()):
    pytest.main(["-p", "no:cacheprovider", "--noconftest", "-q", empty])
gc.collect()
gc.freeze()
