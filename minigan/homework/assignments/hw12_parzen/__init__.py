"""hw12: Parzen windows."""
