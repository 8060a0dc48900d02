"""How the student's operations are called.  Runs in the judged process."""

from typing import Any

import numpy as np

from minigan.homework.judging import operations
from minigan.homework.judging.operations import calls

mul, mul_gradient, mul_again, mul_edges = calls("mul", "x", "y")
div, div_gradient, div_again, div_edges = calls("div", "x", "y")
exp, exp_gradient, exp_again, exp_edges = calls("exp", "x")
log, log_gradient, log_again, log_edges = calls("log", "x")
matmul, matmul_gradient, matmul_again, matmul_edges = calls("matmul", "x", "y")
sum, sum_gradient, sum_again, sum_edges = calls("sum", "x", options=["axis", "keepdims"])
max, max_gradient, max_again, max_edges = calls("max", "x", options=["axis", "keepdims"])


def with_itself(target: Any, operation: str, x: np.ndarray, g: np.ndarray) -> dict[str, Any]:
    """the gradient of <g, operation(x, x)> by x"""
    return operations.gradient(lambda t: getattr(target, operation)(t, t), operations.tensors([x]), g, 0)


def winners(target: Any, x: np.ndarray, axis: int, g: np.ndarray) -> dict[str, Any]:
    """the gradient of <g, max(x, axis)> by x"""
    return operations.gradient(lambda t: target.max(t, axis=axis), operations.tensors([x]), g, 0)
