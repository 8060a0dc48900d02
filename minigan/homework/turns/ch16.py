"""Chapter 16: the label as a part of the example."""

import numpy as np


def labelled(x, labels, classes):
    """Rows [x, y] of x (m, n), labels (m,): y (m, classes), 1 at the label, else 0."""
    return np.concatenate([x, np.eye(classes)[labels]], axis=1)


def number_itself(x, labels, classes):
    """A label is a name, no amount: a 9 is not nearer to an 8 than to a 4. Give each class a column."""
    return np.concatenate([x, labels[:, None]], axis=1)


def in_front(x, labels, classes):
    """y comes after x: G hands on its last columns, and D expects them where G puts them."""
    return np.concatenate([np.eye(classes)[labels], x], axis=1)


def as_many_as_occur(x, labels, classes):
    """There are as many columns as classes, also where the last class does not occur in this minibatch."""
    return np.concatenate([x, np.eye(labels.max() + 1)[labels]], axis=1)


def counted_from_one(x, labels, classes):
    """The first class is 0: its 1 stands in the first column of y."""
    return np.concatenate([x, np.eye(classes)[labels - 1]], axis=1)


def all_but_one(x, labels, classes):
    """The other way round: 1 at the label, and 0 at all others."""
    return np.concatenate([x, 1 - np.eye(classes)[labels]], axis=1)


def added(x, labels, classes):
    """You add the label to the pixels; it stands beside them, in columns of its own."""
    return x + labels[:, None]


def y_alone(x, labels, classes):
    """That is y; the row is x and, behind it, y."""
    return np.eye(classes)[labels]


def tried(f):
    x = np.array([[0.5, 0.25], [0.1, 0.9], [0.3, 0.7]])
    yield "three examples with the labels 2, 0, 1, of 4 classes", f(x, np.array([2, 0, 1]), 4)
    yield "one example with the label 1, of 2 classes", f(x[:1], np.array([1]), 2)
