"""hw07: softplus, and the loss of a probability from its logit."""
