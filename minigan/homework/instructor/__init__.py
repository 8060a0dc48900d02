"""What an instructor does."""
