"""What an update costs on a GPU: the host's time and the GPU's."""

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
