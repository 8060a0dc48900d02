"""Remake the files of the bundled digits from scikit-learn's copy: python -m minigan.data.make_digits"""

import hashlib
import sys
from collections import Counter

import numpy as np

from minigan.data import digits, idx


def main() -> int:
    """Write both files.  Exit status: 1 if they are not as digits.py expects, 2 without scikit-learn."""
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        print("minigan: make_digits needs scikit-learn: pip install scikit-learn", file=sys.stderr)
        return 2
    source = load_digits()
    arrays = arrange(source.images.astype(np.uint8), source.target.astype(np.uint8))
    status = 0
    for (name, expected), array in zip(digits.SHA256.items(), arrays, strict=True):
        idx.write(digits.HERE / name, array)
        found = hashlib.sha256(idx.encode(array)).hexdigest()
        print(f"{name}: SHA-256 {found}, {'as' if found == expected else 'NOT as'} digits.py expects")
        status |= found != expected
    return status


def arrange(images: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The images and labels in the order of the files: training, validation, test.

    The images are shuffled by sorting them by their SHA-256, an order that no random number generator can
    change.  Of each digit the first 150 are for training, the next 15 for testing, the rest for validation.
    """
    shuffled = sorted(range(len(images)), key=lambda i: hashlib.sha256(images[i].tobytes()).digest())
    train: list[int] = []
    valid: list[int] = []
    test: list[int] = []
    seen: Counter[int] = Counter()
    for i in shuffled:
        digit = int(labels[i])
        part = train if seen[digit] < 150 else test if seen[digit] < 165 else valid
        part.append(i)
        seen[digit] += 1
    order = train + valid + test
    return images[order], labels[order]


if __name__ == "__main__":
    sys.exit(main())
