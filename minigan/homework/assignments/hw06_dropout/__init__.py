"""hw06: inverted dropout."""
