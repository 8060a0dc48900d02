"""hw13: one code for NumPy and CuPy."""
