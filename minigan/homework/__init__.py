"""Homework marked by tests: assignments cut from minigan's own source, and the grader that marks them."""
