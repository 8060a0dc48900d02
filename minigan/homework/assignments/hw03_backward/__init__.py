"""hw03: the order and the accumulation of backward."""
