"""What the proof of the grader shares: the assignments, and the best isolation there is here."""

import pytest

from minigan.homework.judging import isolate, kit
from minigan.homework.tasks import spec


@pytest.fixture(scope="session", params=[a.id for a in spec.every()])
def assignment(request):
    return spec.load(request.param)


@pytest.fixture(scope="session")
def hw02():
    return spec.load("hw02")


@pytest.fixture(scope="session")
def level():
    best = isolate.best_level()
    if best < 2:
        pytest.skip(f"NOT TESTED with isolation: L2 does not work here ({isolate.why_not(2)})")
    return best


@pytest.fixture(scope="session")
def hw02_kit(hw02):
    with kit.kit(hw02) as made:
        yield made
