"""hw16: labels for both players, and the losses of least squares."""
