"""hw05: the affine layer and maxout."""
