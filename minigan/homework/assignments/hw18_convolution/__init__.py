"""hw18: windows, their overlap, and the convolutions made of them."""
