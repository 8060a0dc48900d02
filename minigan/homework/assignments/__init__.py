"""The assignments, a folder each: the task, the checks, and the answers, right and wrong, that prove them."""
