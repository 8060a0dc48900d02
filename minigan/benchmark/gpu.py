"""What an update costs on a GPU: the host's time, the GPU's, and how many launches."""

import re
import time

import numpy as np

from minigan.backend import Backend
from minigan.benchmark.update import Play

MEANING = {
    "queue": "queue: the host asks for an update",
    "device": "device: the GPU plays it, from start to end",
    "running": "running: one among others, nobody waits",
}


def on_gpu(step: Play, repeats: int, backend: Backend) -> dict[str, float]:
    """What an update costs the host and the GPU, in ms, as MEANING says."""
    event, queue, device = backend.xp.cuda.Event, [], []
    for _ in range(repeats):
        start, end = event(), event()
        backend.synchronize()
        start.record()
        began = time.perf_counter()
        step()
        queue.append(time.perf_counter() - began)
        end.record()
        end.synchronize()
        device.append(backend.xp.cuda.get_elapsed_time(start, end))
    began = time.perf_counter()
    for _ in range(repeats):
        step()
    backend.synchronize()
    running = (time.perf_counter() - began) / repeats
    return {
        "queue": 1000 * float(np.median(queue)),
        "device": float(np.median(device)),
        "running": 1000 * running,
    }


def launches(step: Play, backend: Backend) -> int | None:
    """Kernels, copies and fills of an update, which CUDA records here instead of playing it.

    step: the same update at each call.  None where it does something that cannot be recorded, as waiting.
    """
    stream = backend.xp.cuda.Stream(non_blocking=True)  # the default stream cannot be recorded
    backend.synchronize()
    try:
        with stream:
            step()  # compiles, and fetches memory: a stream has its own
            stream.synchronize()
            stream.begin_capture()
            try:
                step()
            finally:
                dot = stream.end_capture().debug_dot_str()
    except RuntimeError:  # CUDA's errors are among these
        return None
    return len(re.findall(r'^\s*"\w+"\s*\[', dot, re.MULTILINE))  # a node:  "name"[...]
