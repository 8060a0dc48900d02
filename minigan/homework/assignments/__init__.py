"""The assignments: one folder each, with the task, the checks, and the right and wrong answers that prove them."""
