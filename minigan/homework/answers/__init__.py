"""Known answers, right and wrong: what they prove of the grader, and which of them a student gave."""
