"""hw17: a distance, and two ways to keep slopes down."""
