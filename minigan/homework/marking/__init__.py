"""A class: what was handed in, graded, and written down for other programs."""
