"""Python that runs in the reader's browser, for the pages of the site (docs/ext/live.py)."""
