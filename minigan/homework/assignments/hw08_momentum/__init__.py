"""hw08: momentum SGD and its two schedules."""
