"""A batch: everything is graded, a kill loses nothing, and the outputs are what other programs expect."""

import csv
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from multiprocessing import active_children
from pathlib import Path
from xml.etree import ElementTree

import pytest

from minigan.errors import InputError
from minigan.homework.answers import known as answers
from minigan.homework.answers import proof
from minigan.homework.cli import main
from minigan.homework.judging.judge import Outcome, Verdict
from minigan.homework.marking import batch, outputs
from minigan.homework.marking.submissions import BadSubmission, Submission, collect
from minigan.homework.tasks import strip
from minigan.homework.tasks.spec import load
from minigan.lock import Lock

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A folder of submissions of every form, and the course's secret."""
    folder = tmp_path_factory.mktemp("course")
    handed_in, hw02 = folder / "handed-in", load("hw02")
    handed_in.mkdir()
    files = {
        "ann": strip.solution(hw02),
        "bob": answers.wrong(hw02)[0].file,
        "cem": strip.stub(hw02),
        "dan": "import os\nos._exit(0)\n",
        "eve": "raise ValueError('\x1b[2J')\n",
        "=cmd|' calc'!A0": "syntax error",
    }
    for name, text in files.items():
        (handed_in / name).mkdir()
        (handed_in / name / "hw02.py").write_text(text)
    (handed_in / "fay.py").write_text(files["ann"])
    with zipfile.ZipFile(handed_in / "gus.zip", "w") as archive:
        archive.writestr("gus/hw02.py", files["ann"])
    (handed_in / "hal").mkdir()
    (handed_in / ".DS_Store").write_text("")
    (folder / "course.key").write_bytes(bytes(range(32)))
    return folder


def grade(course, out, *more):
    return [
        *("grade", str(course / "handed-in"), "--hw", "hw02", "--secret-file", str(course / "course.key")),
        *("--out", str(out), "--format", "csv,json,gradescope,junit", *more),
    ]


@pytest.fixture(scope="module")
def results(course, level):
    out = course / "results"
    assert main(grade(course, out)) == 0
    return out


def without_times(value):
    if isinstance(value, dict):
        return {key: without_times(part) for key, part in value.items() if key != "seconds"}
    return [without_times(part) for part in value] if isinstance(value, list) else value


def test_everybody_is_graded(results):
    graded = json.loads((results / "results.json").read_text())["results"]
    scores = {entry["student"]: entry["verdict"]["score"] for entry in graded}
    assert scores == {
        "=cmd|' calc'!A0": 0,
        "ann": 100,
        "bob": 30,
        "cem": 0,
        "dan": 0,
        "eve": 0,
        "fay": 100,
        "gus": 100,
        "hal": 0,
    }
    of = {entry["student"]: entry["verdict"]["outcomes"][0] for entry in graded}
    statuses = {name: outcome["status"] for name, outcome in of.items()}
    assert (statuses["cem"], statuses["dan"], statuses["eve"]) == ("not_written", "crash", "error")
    assert "expected one hw02.py, found none" in of["hal"]["message"]
    assert not (results / ".work").exists()


def test_check_gives_the_same_verdict_for_the_same_seed(course, results, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    graded = {
        e["student"]: e["verdict"] for e in json.loads((results / "results.json").read_text())["results"]
    }
    for student in ("ann", "bob"):
        file = str(course / "handed-in" / student / "hw02.py")
        main(["check", "hw02", "--file", file, "--seed", str(graded[student]["seed"])])
        checked = json.loads((tmp_path / ".minigan" / "progress.json").read_text())["hw02"]["last"]
        assert without_times(checked) == without_times(graded[student])


def test_seeds_differ_between_students_and_courses():
    seeds = {batch.seed_for(key, who, hw) for key in (b"a", b"b") for who in "xyz" for hw in ("hw02", "hw05")}
    assert len(seeds) == 12
    assert batch.seed_for(b"a", "x", "hw02") == batch.seed_for(b"a", "x", "hw02")


def test_a_batch_is_not_overwritten(course, results, capsys):
    assert main(grade(course, results)) == 2
    assert "--resume" in capsys.readouterr().err


def test_killed_at_five_points_and_resumed_it_ends_the_same(course, results, tmp_path, level):
    out, dice = tmp_path / "killed", random.Random(1)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    kills = 0
    for enough in (1, 2, 3, 5, 7):
        process = subprocess.Popen(
            [sys.executable, "-m", "minigan.homework", *grade(course, out, "--resume", "--quiet")],
            env=environment,
            stdout=subprocess.DEVNULL,
        )
        journal, deadline = out / "journal.jsonl", time.monotonic() + 120
        while process.poll() is None and time.monotonic() < deadline:
            if journal.exists() and journal.read_bytes().count(b"\n") >= enough:
                time.sleep(dice.random() * 0.3)
                process.send_signal(signal.SIGKILL)
                kills += 1
                break
            time.sleep(0.01)
        process.wait()
        with open(journal, "ab") as file:
            file.write(b'{"student": "torn')  # as a kill in the middle of a write leaves it
    assert kills >= 4
    assert main(grade(course, out, "--resume", "--quiet")) == 0
    for name in ("results.json", "results.csv"):
        whole, resumed = ((folder / name).read_text() for folder in (results, out))
        if name.endswith("json"):
            whole, resumed = without_times(json.loads(whole)), without_times(json.loads(resumed))
        assert whole == resumed
    assert not (out / ".work").exists()
    assert not processes_of(out)


def processes_of(folder):
    """Processes that a killed grader left: their command names the kit beneath its folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found += [entry.parent.name] * (str(folder).encode() in entry.read_bytes())
        except OSError:
            continue
    return found


def test_what_was_graded_is_not_graded_again_unless_it_changed(course, results, tmp_path, capsys, level):
    out, other = tmp_path / "results", tmp_path / "course"
    shutil.copytree(results, out)
    shutil.copytree(course / "handed-in", other / "handed-in")
    shutil.copy(course / "course.key", other)
    (other / "handed-in" / "dan" / "hw02.py").write_text(strip.solution(load("hw02")))
    assert main(grade(other, out, "--resume")) == 0
    assert re.findall(r"^ *\d+  (\w+)$", capsys.readouterr().out, re.MULTILINE) == ["dan"]


# What comes out


def test_no_cell_is_a_formula(results):
    rows = list(csv.reader((results / "results.csv").open(newline="")))
    assert rows[0][:5] == ["student", "homework", "score", "seed", "level"]
    assert len({len(row) for row in rows}) == 1
    assert any(row[0] == "'=cmd|' calc'!A0" for row in rows)
    assert not any(value.startswith(("=", "+", "-", "@")) for row in rows for value in row)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\t=1", "\n=1", "\x00=1"])
def test_a_formula_becomes_text(text):
    assert outputs.cell(text).startswith(("'", "?"))


def test_gradescope_gets_its_form(results):
    files = sorted((results / "gradescope").iterdir())
    assert len(files) == 9
    assert all(re.fullmatch(r"[\w.-]+\.json", file.name) for file in files)
    for file in files:
        result = json.loads(file.read_text())
        conforms(result, GRADESCOPE)
        assert sum(test["max_score"] for test in result["tests"]) == 100
        assert "\x1b" not in json.dumps(result, ensure_ascii=False)
    passed = json.loads((results / "gradescope" / "ann.json").read_text())
    assert all(test["status"] == "passed" and test["score"] == test["max_score"] for test in passed["tests"])
    failed = json.loads((results / "gradescope" / "bob.json").read_text())
    assert "looks like: you average" in failed["tests"][1]["output"]


GRADESCOPE = {  # https://gradescope-autograders.readthedocs.io/en/latest/specs/
    "execution_time": float,
    "output": str,
    "visibility": {"visible", "hidden", "after_due_date", "after_published"},
    "stdout_visibility": {"visible", "hidden", "after_due_date", "after_published"},
    "tests": [
        {
            "name": str,
            "number": str,
            "score": int,
            "max_score": int,
            "status": {"passed", "failed"},
            "output": str,
            "output_format": {"text", "html", "simple_format", "md", "ansi"},
            "tags": [str],
            "visibility": {"visible", "hidden", "after_due_date", "after_published"},
            "extra_data": {"check": str, "status": str, "seed": int},
        }
    ],
}


def conforms(value, form):
    """Exactly these keys (so no top-level score, which would override the sum), and these types or words."""
    match form:
        case dict():
            assert value.keys() == form.keys()
            for key in form:
                conforms(value[key], form[key])
        case list():
            assert isinstance(value, list)
            for part in value:
                conforms(part, form[0])
        case set():
            assert value in form
        case _:
            assert type(value) is form


def test_junit_gets_its_form(results):
    root = ElementTree.parse(results / "junit.xml").getroot()
    assert root.tag == "testsuites" and len(root) == 9
    for suite in root:
        assert suite.tag == "testsuite" and set(suite.attrib) == {
            *("name", "time", "tests", "failures", "errors", "skipped")
        }
        kinds = [child.tag for case in suite for child in case]
        assert int(suite.get("tests")) == len(suite) == 10
        for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(suite.get(attribute)) == kinds.count(tag)
        for case in suite:
            assert case.tag == "testcase" and set(case.attrib) == {"classname", "name", "time"}
            assert len(case) <= 1 and float(case.get("time")) >= 0
            for child in case:
                assert child.tag in ("failure", "error", "skipped") and "message" in child.attrib


def test_report_counts_checks_and_mistakes(results, capsys):
    assert main(["report", str(results)]) == 0
    out = capsys.readouterr().out
    assert "9 submissions" in out and "3 with 100" in out
    assert re.search(r"1  you average over the axes", out)


@pytest.mark.parametrize(
    "content",
    ["{}", "[]", '{"results": 3}', '{"results": [{}]}', '{"results": [{"verdict": {"outcomes": 1}}]}'],
)
def test_a_damaged_result_is_said_to_be(tmp_path, capsys, content):
    (tmp_path / "results.json").write_text(content)
    assert main(["report", str(tmp_path)]) == 2
    assert "results.json is damaged: expected the results of `grade`" in capsys.readouterr().err


def test_where_nothing_can_be_written_nothing_is_graded(course, tmp_path, capsys):
    (tmp_path / "file").touch()
    for option, said in (("--out", "--out: cannot write to"), ("--results", "--results: cannot write to")):
        assert main(grade(course, tmp_path, option, str(tmp_path / "file" / "x"))) == 2
        assert said in capsys.readouterr().err


def test_one_submission_into_one_gradescope_file(course, tmp_path, level):
    out = tmp_path / "results.json"
    key = str(course / "course.key")
    folder = str(course / "handed-in" / "bob")
    argv = ["grade", folder, "--hw", "hw02", "--secret-file", key, "--results", str(out), "--student", "bob"]
    assert main(argv) == 0
    result = json.loads(out.read_text())
    conforms(result, GRADESCOPE)
    assert sum(test["score"] for test in result["tests"]) == 30


def test_a_submission_that_is_not_there_is_nobodys_zero(course, tmp_path, capsys):
    out = tmp_path / "results.json"
    words = ["--hw", "hw02", "--secret-file", str(course / "course.key"), "--results", str(out)]
    assert main(["grade", str(tmp_path / "none"), *words]) == 2
    assert "there is no " in capsys.readouterr().err and not out.exists()


def test_one_submission_is_not_graded_where_the_grader_does_not_work(course, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(load("hw02").part("checks"), "kept", lambda trial: None)
    argv = ["grade", str(course / "handed-in" / "ann"), "--hw", "hw02", "--results", str(tmp_path / "r.json")]
    argv += ["--secret-file", str(course / "course.key"), "--trust-submissions"]
    assert main(argv) == 1
    assert "nothing was graded" in capsys.readouterr().err
    assert "did not finish" in json.loads((tmp_path / "r.json").read_text())["output"]


def test_a_file_of_another_name_is_listed_for_a_person_to_look_at(course, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("minigan.homework.answers.proof.must_work", lambda *_: None)
    for name, file in {"ann": "HW02.py", "bob": "hw2 (1).py", "cem": "hw05.py"}.items():
        (tmp_path / "handed-in" / name).mkdir(parents=True)
        (tmp_path / "handed-in" / name / file).write_text("")
    with zipfile.ZipFile(tmp_path / "handed-in" / "dan.zip", "w") as archive:
        archive.writestr("homework_02.ipynb", "{}")
    (tmp_path / "handed-in" / "eva.tar.gz").write_bytes(b"\x1f\x8b")
    (tmp_path / "handed-in" / "list of names.txt").write_text("eva")
    (tmp_path / "handed-in" / "__MACOSX").mkdir()  # unpacking on a Mac leaves it
    shutil.copy(course / "course.key", tmp_path)
    assert main(grade(tmp_path, tmp_path / "out", "--trust-submissions")) == 0
    out = capsys.readouterr().out
    listed = [line for line in out.splitlines() if line.startswith("no hw02.py, so 0: ")]
    assert [line.rpartition(", ")[2] for line in listed] == [
        *("but HW02.py", "but hw2 (1).py", "found none", "but homework_02.ipynb"),
        *[".py file or .zip file"] * 2,
    ]
    assert "6 submissions" in out


def test_before_it_has_finished_gradescope_reads_that():
    unfinished = outputs.unfinished(load("hw02"))
    conforms(unfinished, GRADESCOPE)
    assert "did not finish" in unfinished["output"]
    assert sum(test["score"] for test in unfinished["tests"]) == 0


def test_the_bundle_holds_what_gradescope_runs(course, tmp_path):
    path = tmp_path / "bundle.zip"
    key = str(course / "course.key")
    argv = ["bundle", "gradescope", "--hw", "hw02", "--secret-file", key, "--out", str(path)]
    assert main(argv) == 0
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        assert {"setup.sh", "run_autograder", "course.key", "minigan/homework/__main__.py"} <= set(names)
        assert "minigan/homework/evidence/attacks.txt" in names
        assert archive.getinfo("run_autograder").external_attr >> 16 & 0o111
        archive.extractall(tmp_path / "source")
    out = tmp_path / "results.json"
    command = [*(sys.executable, "-m", "minigan.homework", "grade", str(course / "handed-in" / "ann"))]
    command += ["--hw", "hw02", "--secret-file", "course.key", "--results", str(out), "--trust-submissions"]
    assert (
        "--trust-submissions" not in (tmp_path / "source" / "run_autograder").read_text().partition("cd ")[2]
    )
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    subprocess.run(command, cwd=tmp_path / "source", env=environment, check=True)
    assert sum(test["score"] for test in json.loads(out.read_text())["tests"]) == 100


# What the grader does not do


def test_a_broken_check_is_nobodys_zero(course, tmp_path, monkeypatch, capsys):
    checks = load("hw02").part("checks")
    monkeypatch.setattr(checks, "dtype", lambda trial: 1 / 0)
    monkeypatch.setattr("minigan.homework.answers.proof.must_work", lambda *_: None)
    few = tmp_path / "handed-in"
    shutil.copytree(course / "handed-in" / "ann", few / "ann")
    shutil.copy(course / "course.key", tmp_path)
    assert main(grade(tmp_path, tmp_path / "out", "--trust-submissions")) == 1
    assert "the grader failed on 1 of them" in capsys.readouterr().err
    row = list(csv.DictReader((tmp_path / "out" / "results.csv").open(newline="")))[0]
    assert row["score"] == "" and row["dtype"] == "grader_error"
    assert (
        json.loads((tmp_path / "out" / "results.json").read_text())["results"][0]["verdict"]["score"] is None
    )
    assert list((tmp_path / "out" / "gradescope").iterdir()) == []


def test_whatever_fails_in_the_grader_costs_one_submission(course, tmp_path, monkeypatch, capsys):
    """The others get their marks, and the one gets no score."""

    def mark(kit, source, *others):
        if b"os._exit" in source:
            raise RuntimeError("the judge tripped")
        return original(kit, source, *others)

    original = batch.mark
    monkeypatch.setattr(batch, "mark", mark)
    monkeypatch.setattr("minigan.homework.answers.proof.must_work", lambda *_: None)
    for name in ("ann", "dan"):
        shutil.copytree(course / "handed-in" / name, tmp_path / "handed-in" / name)
    shutil.copy(course / "course.key", tmp_path)
    assert main(grade(tmp_path, tmp_path / "out", "--trust-submissions")) == 1
    assert "dan: RuntimeError: the judge tripped" in capsys.readouterr().err
    table = csv.DictReader((tmp_path / "out/results.csv").open(newline=""))
    rows = {row["student"]: row["score"] for row in table}
    assert rows == {"ann": "100", "dan": ""}


def test_a_folder_may_be_named_from_here(course, tmp_path, monkeypatch):
    """As the default, results, is."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(course / "handed-in" / "ann", "handed-in/ann")
    shutil.copy(course / "course.key", ".")
    argv = ["grade", "handed-in", "--hw", "hw02", "--secret-file", "course.key", "--trust-submissions"]
    assert main(argv) == 0
    assert ",100," in Path("results/results.csv").read_text()


def test_a_folder_of_another_homework_is_left_alone(course, results, tmp_path, capsys):
    shutil.copytree(results, tmp_path / "out")
    argv = grade(course, tmp_path / "out", "--resume")
    argv[argv.index("hw02")] = "hw05"
    assert main(argv) == 2
    assert "holds a batch of hw02" in capsys.readouterr().err
    assert (tmp_path / "out/journal.jsonl").read_bytes() == (results / "journal.jsonl").read_bytes()


def test_two_gradings_do_not_share_a_folder(course, tmp_path, capsys):
    (tmp_path / "out").mkdir()
    lock = Lock(tmp_path / "out")
    assert main(grade(course, tmp_path / "out", "--trust-submissions")) == 2
    lock.release()
    assert "is being filled by process" in capsys.readouterr().err


def test_a_folder_that_Python_imports_from_is_refused(course, tmp_path, monkeypatch, capsys):
    monkeypatch.syspath_prepend(course / "handed-in")
    assert main(grade(course, tmp_path / "out", "--trust-submissions")) == 2
    assert "grade from elsewhere" in capsys.readouterr().err


def test_a_batch_is_refused_where_the_grader_does_not_work(course, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(load("hw02").part("checks"), "kept", lambda trial: None)
    assert main(grade(course, tmp_path / "out", "--trust-submissions")) == 1
    assert "nothing was graded" in capsys.readouterr().err


def test_less_than_L2_is_refused_unless_submissions_are_trusted(course, tmp_path, capsys):
    assert main(grade(course, tmp_path / "out", "--level", "1")) == 2
    assert "--trust-submissions" in capsys.readouterr().err


@pytest.mark.parametrize("content", [b"", b"short"])
def test_a_secret_is_long_enough(course, tmp_path, capsys, content):
    (tmp_path / "key").write_bytes(content)
    argv = grade(course, tmp_path / "out")
    argv[argv.index("--secret-file") + 1] = str(tmp_path / "key")
    assert main(argv) == 2
    assert "16" in capsys.readouterr().err


def test_submissions_of_one_name_are_told_apart(tmp_path):
    (tmp_path / "ann").mkdir()
    (tmp_path / "ann.zip").write_bytes(b"")
    (tmp_path / "bob.py").write_bytes(b"")
    assert [submission.student for submission in collect(tmp_path)] == ["ann", "ann.zip", "bob"]
    (tmp_path / "bob.py.zip").write_bytes(b"")
    assert [s.student for s in collect(tmp_path)] == ["ann", "ann.zip", "bob", "bob.py.zip"]


def test_a_folder_may_hold_the_file_deeper_but_only_once(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "hw02.py").write_bytes(b"x")
    assert Submission("s", tmp_path).source("hw02") == b"x"
    (tmp_path / "hw02.py").write_bytes(b"y")
    with pytest.raises(BadSubmission, match="found 2"):
        Submission("s", tmp_path).source("hw02")


def test_a_folder_may_hold_a_zip_file_instead(tmp_path):
    with zipfile.ZipFile(tmp_path / "my answer.ZIP", "w") as archive:
        archive.writestr("hw02.py", "x")
    student = Submission("s", tmp_path)
    assert student.source("hw02") == b"x"
    (tmp_path / "hw02.py").write_bytes(b"y")
    assert student.source("hw02") == b"y"
    (tmp_path / "hw02.py").unlink()
    shutil.copy(tmp_path / "my answer.ZIP", tmp_path / "another.zip")
    with pytest.raises(BadSubmission, match="found none"):
        student.source("hw02")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="NOT TESTED without named pipes")
def test_an_archive_is_a_file_of_its_own(tmp_path):
    """Neither a pipe, which would be waited for, nor a link to somebody else's."""
    for name, make in {"pipe": os.mkfifo, "link": lambda path: path.symlink_to(tmp_path / "x.zip")}.items():
        (tmp_path / name).mkdir()
        make(tmp_path / name / "s.zip")
        with pytest.raises(BadSubmission):
            Submission("s", tmp_path / name).source("hw02")


def test_an_archive_of_all_submissions_has_to_be_unpacked(tmp_path):
    with pytest.raises(InputError, match="handed-in.zip; unpack it first"):
        collect(tmp_path / "handed-in.zip")


@pytest.mark.parametrize("others", [["notes: 10:30.txt"], [".ipynb_checkpoints/hw02.py"], []])
def test_what_else_an_archive_holds_does_no_harm(tmp_path, others):
    with zipfile.ZipFile(tmp_path / "s.zip", "w") as archive:
        archive.writestr("hw02\\hw02.py", "x")
        for name in others:
            archive.writestr(name, "y")
    assert Submission("s", tmp_path / "s.zip").source("hw02") == b"x"


def test_folders_without_end_are_one_bad_submission(tmp_path, monkeypatch):
    def walk(folder):
        raise RecursionError("maximum recursion depth exceeded")  # as Python 3.11's after 1,000 levels

    monkeypatch.setattr(os, "walk", walk)
    with pytest.raises(BadSubmission, match="recursion"):
        Submission("s", tmp_path).source("hw02")


def test_the_copies_that_an_editor_keeps_do_not_count(tmp_path):
    (tmp_path / ".ipynb_checkpoints").mkdir()
    (tmp_path / ".ipynb_checkpoints" / "hw02.py").write_bytes(b"y")
    (tmp_path / "hw02.py").write_bytes(b"x")
    assert Submission("s", tmp_path).source("hw02") == b"x"


def test_file_names_are_safe_and_differ():
    names = ["ann", "..", "a/b", "a_b", "=1", "\x1b[2J", "ä", "CON:"]
    files = [outputs.file_name(name) for name in names]
    assert files[0] == "ann" and len(set(files)) == len(files)
    assert all(re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]*", file) for file in files)


def test_a_verdict_survives_the_journal():
    verdict = Verdict(
        "hw02", 1, 2, [Outcome("kept", "says", 10, "fail", "message", "given", 0.5)], "out", ["x"]
    )
    assert Verdict.from_dict(json.loads(json.dumps(verdict.as_dict()))) == verdict


def endless(*_):
    time.sleep(60)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there is no alarm here")
def test_where_a_proof_is_interrupted_its_processes_end(monkeypatch):
    def ctrl_c(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(proof, "prove", endless)
    before = signal.signal(signal.SIGALRM, ctrl_c)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.5)
        with pytest.raises(KeyboardInterrupt):
            list(proof.prove_all([None, None], 1, 2))
    finally:
        signal.signal(signal.SIGALRM, before)
    assert not active_children()
