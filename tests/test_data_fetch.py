"""data/fetch.py: whose file is read, what is fetched from where, and that the cache holds no half file."""

import os
import threading
from dataclasses import FrozenInstanceError, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import socket

import pooch
import pytest

from minigan.data import fetch, mnist
from minigan.data.fetch import File, find, obtain
from minigan.errors import InputError, RunError

GOOD = b"the file as it was published " * 5000


def read(path):
    content = path.read_bytes()
    if content != GOOD:
        raise InputError(f"{path} is damaged; replace it by a fresh copy")
    return content


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.delenv("MINIGAN_DATA", raising=False)
    monkeypatch.setattr(pooch, "os_cache", lambda project: tmp_path / "cache" / project)
    return tmp_path / "cache" / "minigan" / "set"


@pytest.fixture
def own(tmp_path, monkeypatch):
    monkeypatch.setenv("MINIGAN_DATA", str(tmp_path / "own"))
    return tmp_path / "own" / "set"


@pytest.fixture
def server():
    """A mirror for each behaviour: server("good") is an address; server.asked says what was asked for."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            behaviour = self.path.split("/")[1]
            if behaviour == "missing":
                return self.send_error(404)
            if behaviour == "silent":
                return released.wait(10)
            self.send_response(200)
            self.send_header("Content-Length", len(GOOD))
            self.end_headers()
            body = {"good": GOOD, "cut": GOOD[: len(GOOD) // 2], "wrong": GOOD.upper()}[behaviour]
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    asked, released = [], threading.Event()
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True).start()

        def address(behaviour):
            return f"http://127.0.0.1:{http.server_port}/{behaviour}/"

        address.asked = asked
        yield address
        released.set()
        http.shutdown()


def published(*mirrors, names=("file.gz", "file")):
    return File("set", names, mirrors, read)


def put(folder, name, content=GOOD):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    return folder / name


def files_in(folder):
    return sorted(path.name for path in folder.rglob("*"))


def closed_port():
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}/"


def test_a_published_file_stays_as_it_is():
    with pytest.raises(FrozenInstanceError):
        published().folder = "another"


def test_the_users_own_file_comes_first_then_the_cache(cache, own):
    file = published()
    assert find(file) is None
    in_cache = put(cache, "file.gz")
    assert find(file) == in_cache
    in_own = put(own, "file")
    assert find(file) == in_own
    in_own = put(own, "file.gz")
    assert find(file) == in_own
    assert obtain([file]) == [GOOD]


def test_the_users_folder_may_begin_with_a_tilde(cache, own, tmp_path, monkeypatch):
    in_own = put(own, "file.gz")
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("MINIGAN_DATA", os.path.join("~", "own"))
    assert find(published()) == in_own


def test_a_file_that_is_here_is_not_fetched(cache, server):
    put(cache, "file")
    assert obtain([published(server("good"))]) == [GOOD]
    assert server.asked == []


def test_what_is_not_here_is_fetched_into_the_cache_once(cache, own, server, capsys):
    file = published(server("good"))
    assert obtain([file]) == [GOOD] and obtain([file]) == [GOOD]
    assert server.asked == ["/good/file.gz"]
    assert files_in(cache) == ["file.gz"] and not own.exists()
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("bad", ["missing", "cut", "wrong", "silent"])
def test_the_next_mirror_is_tried(cache, server, bad, monkeypatch):
    monkeypatch.setattr(fetch, "TIMEOUT", 1.0 if bad == "silent" else 10.0)
    assert obtain([published(server(bad), server("good"))]) == [GOOD]
    assert server.asked == [f"/{bad}/file.gz", "/good/file.gz"]
    assert files_in(cache) == ["file.gz"]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [("missing", "status 404"), ("cut", ""), ("wrong", "sent a damaged file"), ("silent", "ReadTimeout")],
)
def test_a_failed_fetch_leaves_nothing_and_is_one_line(cache, server, bad, reason, monkeypatch):
    monkeypatch.setattr(fetch, "TIMEOUT", 1.0 if bad == "silent" else 10.0)
    with pytest.raises(RunError) as caught:
        obtain([published(server(bad))])
    line = str(caught.value)
    assert files_in(cache) == []
    assert "\n" not in line and f"{server(bad)}file.gz ({reason}" in line


def test_an_interrupted_fetch_leaves_nothing(cache, server):
    def interrupted(path):
        assert path.read_bytes() == GOOD
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        obtain([replace(published(server("good")), read=interrupted)])
    assert files_in(cache) == []


def test_until_it_is_checked_a_fetched_file_has_another_name(cache, server):
    def checking(path):
        assert path.name not in published().names and not (cache / "file.gz").exists()
        return read(path)

    assert obtain([replace(published(server("good")), read=checking)]) == [GOOD]


def test_what_a_killed_fetch_left_the_next_one_removes(cache, server):
    put(cache, ".file.gz.01234567.tmp", GOOD[:100])
    assert obtain([published(server("good"))]) == [GOOD]
    assert files_in(cache) == ["file.gz"]


def test_a_damaged_file_in_the_cache_is_replaced_and_a_line_says_so(cache, server, capsys):
    damaged = put(cache, "file.gz", GOOD[:-1])
    assert obtain([published(server("good"))]) == [GOOD]
    assert damaged.read_bytes() == GOOD
    assert f"{damaged} is damaged" in capsys.readouterr().err


def test_a_damaged_file_in_the_cache_stays_while_no_other_can_be_had(cache, server):
    damaged = put(cache, "file.gz", GOOD[:-1])
    with pytest.raises(RunError):
        obtain([published(server("cut"))])
    assert damaged.read_bytes() == GOOD[:-1]


def test_a_damaged_file_of_the_users_own_is_named_and_left_alone(cache, own, server):
    damaged = put(own, "file.gz", GOOD[:-1])
    put(cache, "file.gz")
    with pytest.raises(InputError, match=f"^{damaged} is damaged"):
        obtain([published(server("good"))])
    assert server.asked == [] and damaged.read_bytes() == GOOD[:-1]


def test_a_cache_that_cannot_be_written_is_named(cache, server):
    put(cache.parent.parent, "minigan", b"a file where the folder should be")
    with pytest.raises(RunError, match=r"minigan.*(Not a directory|File exists)"):
        obtain([published(server("good"))])


def test_offline_one_line_says_what_was_tried_what_to_do_and_what_needs_no_network(cache, monkeypatch):
    first, second = closed_port(), closed_port()
    offline = tuple(replace(file, mirrors=(first, second)) for file in mnist.FILES)
    monkeypatch.setattr(mnist, "FILES", offline)
    with pytest.raises(RunError) as caught:
        mnist.load()
    line = str(caught.value)
    assert "\n" not in line and "--recipe digits" in line
    assert f"tried {first}train-images-idx3-ubyte.gz (ConnectionError), {second}train-images" in line
    assert all(f"{name}.gz" in line for name in mnist.SHA256)
    assert f"into {cache.with_name('mnist')} by hand" in line


def test_mnist_has_two_mirrors_and_its_own_time_limit():
    assert all(len(file.mirrors) == 2 and file.mirrors[0] != file.mirrors[1] for file in mnist.FILES)
    assert all(mirror.startswith("https://") and mirror.endswith("/") for mirror in mnist.MIRRORS)


def test_how_much_is_received_at_a_time_and_how_long_it_waits(cache, server, monkeypatch):
    asked, real = {}, pooch.HTTPDownloader
    monkeypatch.setattr(pooch, "HTTPDownloader", lambda **named: asked.update(named) or real(**named))
    assert obtain([published(server("good"))]) == [GOOD]
    assert (asked["chunk_size"], asked["timeout"]) == (65_536, 10)
