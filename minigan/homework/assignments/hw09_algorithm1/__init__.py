"""hw09: Algorithm 1."""
