"""What a student does."""
