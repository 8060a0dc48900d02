"""hw11: the best discriminator, and what is left for G."""
