"""The capstone: all the files together."""
