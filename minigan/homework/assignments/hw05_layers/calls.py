"""How the student's operations are called.  Runs in the judged process."""

from minigan.homework.judging.operations import calls

affine, affine_gradient, affine_again, affine_edges = calls("affine", "x", "W", "b")
maxout, maxout_gradient, maxout_again, maxout_edges = calls("maxout", "x", options=["pieces"])
