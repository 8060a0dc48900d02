"""hw02: undo broadcasting."""
