"""What was tried against the grader: attacks, a rehearsed course, and the page that says what came of it."""
