"""hw04: the gradient check."""
