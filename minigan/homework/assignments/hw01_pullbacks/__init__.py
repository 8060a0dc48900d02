"""hw01: the pullbacks of seven operations."""
