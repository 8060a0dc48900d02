"""The paper's figures, table and theorems, measured again: one file for each, and what they share."""
