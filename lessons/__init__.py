"""The lessons, and what runs them: `python -m lessons.run`."""
