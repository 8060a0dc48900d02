"""The report: the numbers as tables in Markdown, which can be read in a terminal too."""

from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap
from typing import Any

from minigan.benchmark.gpu import MEANING


def report(result: Mapping[str, Any]) -> str:
    """The tables, and three lines on how to read them."""
    ratio = result["times"]["step"]["ratio"]
    bound = "activations, masks and parameter updates use one core"
    if "device" in result:
        bound = "where queueing takes as long as playing, launches decide"
    return f"""{tables(result)}

Ratio: 1.00 would be an update that does nothing but its matrix products; this one takes {ratio:.2f} of that.
Bound: no update is faster than its products; {bound}.
Noise: other programs change times more than ratios; where quartiles lie far apart, take more --repeats."""


def tables(result: Mapping[str, Any]) -> str:
    """What was measured, and on what, in Markdown."""
    machine, threads = result["machine"], result["threads"]
    gpu = f"{machine['gpu']}, CuPy {machine['cupy']}; " if "gpu" in machine else ""
    threads = f"{threads} thread{'s' * (threads > 1)}" if threads else "as many threads as NumPy chooses"
    command = " \\\n        ".join(wrap(result["command"], 80, break_on_hyphens=False))
    heading = f"""\
    {command}

- {result["recipe"]}, {result["update"]} update, k = {result["k"]}, batch {result["batch"]}, float32,
  {result["parameters"]:,} parameters
- matrix products of an update: {result["gflop"]:.2f} GFLOP, at {result["gflop_per_second"]:.0f} GFLOP/s
- data: {result["data"]}, nothing downloaded
- {gpu}{machine["processor"]}, {machine["cores"]} cores, {threads}
- Python {machine["python"]}, NumPy {machine["numpy"]}, {machine["blas"]}"""
    return "\n\n".join([heading, *_sections(result), *_sweep_sections(result.get("sweep", {}))])


def _sections(result: Mapping[str, Any]) -> Iterator[str]:
    times = result["times"].items()
    rows = [(name, t["ms"], t["ms_quartiles"], t["ratio"], t["ratio_quartiles"]) for name, t in times]
    for name, t in times:
        if "step_ratio" in t:
            rows.append((f"step / {name}", "", "", t["step_ratio"], t["step_ratio_quartiles"]))
    yield _table(
        (f"{result['repeats']} turns, {result['clock']}", "ms", "quartiles", "ratio", "quartiles"), rows
    )
    if "device" in result:
        yield _table(("on the GPU", "ms"), [(MEANING[name], ms) for name, ms in result["device"].items()])
        yield "No table of parts: the host's clock cannot tell them while the GPU works behind it."
    else:
        total = sum(part["ms"] for part in result["parts"].values())
        parts = [(name, p["calls"] or "", p["ms"], p["ms"] / total) for name, p in result["parts"].items()]
        head = ("parts of the step, profiled", "calls", "ms", "of the profiled step")
        yield _table(head, [*parts, ("the profiled step", "", total, 1.0)])
    memory = "Page faults and peak memory are not known on this system."
    if (peak := result["memory"]["peak_mib"]) is not None:
        faults = f"{result['memory']['page_faults']:.0f} page faults an update after warm-up"
        memory = f"{faults}; peak memory {peak:.0f} MiB, with Python and the data."
    yield f"{memory} An epoch takes {result['epoch_seconds']:.1f} s."


def _sweep_sections(found: Mapping[str, Any]) -> Iterator[str]:
    for kind, what in (("batch", "an example"), ("width", "a GFLOP"), ("update", "an update")):
        if kind in found:
            head = (kind, "GFLOP", "ms", "ratio", "quartiles", f"time {what}, relative")
            keys = ("gflop", "ms", "ratio", "ratio_quartiles", "relative")
            yield _table(head, [(name, *(row[key] for key in keys)) for name, row in found[kind].items()])
        if kind == "batch" and found:
            fixed, each, deviation = found["linear"].values()
            yield f"That is {fixed:.1f} ms + {each:.3f} ms an example, within {100 * deviation:.0f} %."


def _table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A Markdown table with columns straight enough for a terminal."""
    texts = [head, *([_cell(value) for value in row] for row in rows)]
    first, *others = (max(map(len, column)) for column in zip(*texts, strict=True))
    lines = [[row[0].ljust(first), *map(str.rjust, row[1:], others)] for row in texts]
    lines.insert(1, ["-" * first, *("-" * (width - 1) + ":" for width in others)])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: Any) -> str:
    """A number to three digits or three decimals; quartiles as a range."""
    if isinstance(value, list):
        return " - ".join(map(_cell, value))
    if isinstance(value, float):
        return f"{value:.{sum(value < top for top in (1, 10, 100))}f}"
    return str(value)
