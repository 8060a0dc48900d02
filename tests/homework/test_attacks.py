"""Every attack scores 0 with its status and leaves nothing behind; the levels do what they say."""

import os
from dataclasses import replace

import pytest

from minigan.homework.evidence import page as evidence
from minigan.homework.evidence.attacks import ATTACKS
from minigan.homework.judging import isolate


@pytest.fixture(scope="module")
def small_kits():
    """With two checks: each attack meets a first check and a second one."""
    with evidence.attacked_kits(checks=2) as kits:
        yield kits


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_an_attack_gets_nothing_and_leaves_nothing(small_kits, level, attack):
    attacked = evidence.run(small_kits[attack.homework], attack, level)
    assert attacked.holds, attacked.row()


OF_OLD = [attack for attack in ATTACKS if "empty" in attack.name and attack.stopped_from == 2]


@pytest.mark.parametrize("version", [1, 2, 3])
@pytest.mark.parametrize("attack", OF_OLD, ids=lambda attack: attack.name)
def test_what_an_older_Landlock_does_not_stop_is_stopped_all_the_same(small_kits, level, attack, version):
    """Truncating is a right of Landlock only from version 3 on, Linux 6.2."""
    assert len(OF_OLD) >= 4
    attacked = evidence.run(replace(small_kits[attack.homework], landlock=version), attack, level)
    assert attacked.holds, attacked.row()


def test_there_are_attacks_of_every_kind():
    assert len(ATTACKS) >= 25
    kinds = {"crash", "timeout", "memory", "error", "fail", "bad_reply"}
    assert {attack.status for attack in ATTACKS} >= kinds


def test_a_trace_would_be_seen(small_kits, level):
    """The detector itself: at L1 an attack that writes outside is caught red-handed."""
    attack = next(attack for attack in ATTACKS if attack.name == "removing a file outside")
    attacked = evidence.run(small_kits[attack.homework], attack, 1)
    assert attacked.traces and not attacked.holds


def test_a_level_that_does_not_work_says_why():
    for number in isolate.LEVELS:
        reason = isolate.why_not(number)
        assert reason == "" or len(reason) > 10


@pytest.mark.skipif(not hasattr(os, "fork"), reason="NOT TESTED without fork: confinement is Linux's")
@pytest.mark.parametrize(("number", "landlock"), [(2, 1), (2, 2), (2, 3), (2, 99), (3, 99)])
def test_confinement_is_real(number, landlock, tmp_path):
    if reason := isolate.why_not(number):
        pytest.skip(f"NOT TESTED at L{number}: {reason}")
    readable, secret = tmp_path / "readable", tmp_path / "secret"
    readable.write_text("r")
    secret.write_text("s")
    child = os.fork()
    if child == 0:
        os._exit(_confined(number, landlock, readable, secret))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def _confined(number, landlock, readable, secret):
    """In the child: 0 where exactly the readable file can be read, else the number of the first surprise."""
    isolate.confine(number, [str(readable)], landlock)
    if readable.read_text() != "r":
        return 1
    for surprise, attempt in enumerate(
        [
            lambda: secret.read_text(),
            lambda: readable.write_text("w"),
            lambda: os.truncate(readable, 0),
            lambda: os.open(readable, os.O_RDONLY | os.O_TRUNC),
            lambda: os.open(secret, os.O_CREAT),
            lambda: os.fork(),
            lambda: os.kill(os.getppid(), 0),
            lambda: os.setsid(),
            lambda: os.execv("/bin/true", ["true"]),
        ],
        2,
    ):
        try:
            attempt()
            return surprise
        except PermissionError:
            continue
    return 0
