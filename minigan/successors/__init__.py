"""What came after the paper, on the same engine: it uses the files above, and none of them knows it."""
