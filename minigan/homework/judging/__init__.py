"""A submission in a process of its own, and the checks that ask it."""
