"""Run the cells of one lesson, in order, in this process: what `lessons.run` starts for each lesson.

Standard input: JSON {"path": ..., "replies": ..., "cells": [{"line": ..., "code": ..., "may_raise": ...}]}.
After each cell, one line of JSON is added to the file `replies`: {"printed": ..., "raised": null or the names
of the exception's classes, own first, "traceback": ..., "seconds": processor time since the start}.
A cell that raises and may not is the last.
"""

import contextlib
import io
import json
import sys
import time
import traceback
import types


def main() -> None:
    job = json.load(sys.stdin)
    namespace = types.ModuleType("__main__")
    sys.modules["__main__"] = namespace
    with open(job["replies"], "w", encoding="utf-8") as replies:
        for cell in job["cells"]:
            reply = run(cell["code"], cell["line"], job["path"], vars(namespace))
            replies.write(json.dumps(reply) + "\n")
            replies.flush()
            if reply["raised"] and not cell["may_raise"]:
                break


def run(code: str, line: int, path: str, namespace: dict, printed: io.StringIO | None = None) -> dict:
    """One cell.  Blank lines before it put its tracebacks on the lines of the lesson.

    printed: what takes the output as it comes; in the end the reply has all of it.
    """
    printed, raised, trace = printed or io.StringIO(), None, ""
    with contextlib.redirect_stdout(printed):
        try:
            exec(compile("\n" * line + code, path, "exec", dont_inherit=True), namespace)
        except BaseException as error:  # SystemExit too: a cell that ends its process has failed
            raised = [kind.__name__ for kind in type(error).__mro__]
            own = error.__traceback__.tb_next if error.__traceback__ else None
            trace = "".join(traceback.format_exception(type(error), error, own))
            print(f"{raised[0]}: {error}")
    return {
        "printed": printed.getvalue(),
        "raised": raised,
        "traceback": trace,
        "seconds": time.process_time(),
    }


if __name__ == "__main__":
    main()
