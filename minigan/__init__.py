"""minigan: Generative Adversarial Nets (Goodfellow et al. 2014) from scratch, on NumPy and CuPy."""

from minigan.backend import Backend
from minigan.tensor import Tensor, backward

__version__ = "0.2.0"
__all__ = ["Backend", "Tensor", "backward"]
