"""hw10: the two losses that G can have."""
