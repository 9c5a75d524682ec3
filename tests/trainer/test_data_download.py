"""Downloads against a real HTTP server: whole or absent, every failure a sentence, two at once bring each file once."""

from __future__ import annotations

import errno
import itertools
import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from datafiles import gzipped, md5, remotes, serve

from tests.waiting import PATIENCE
from trainer.data import download, fetch, torchvision_sets
from trainer.data.torchvision_layouts import Idx
from trainer.errors import DataError, OutOfSpace

FIRST = "train-images-idx3-ubyte.gz"


@pytest.fixture
def server(monkeypatch):
    """A server with MNIST's four files, whose checksums count as the published ones."""
    files = gzipped()
    with serve(files) as running:
        monkeypatch.setattr(Idx, "remotes", lambda self, name: remotes(f"{running.url}/{name}", files))
        monkeypatch.setattr(download, "TIMEOUT", 0.5)
        yield running


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("FFWEB_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("FFWEB_DATASETS", raising=False)
    return tmp_path / "home" / "datasets"


def left_in(folder: Path) -> list[str]:
    return sorted(
        str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock"
    )


def test_a_download_is_complete_and_reports_every_byte(server, home):
    seen: list[tuple[int, int]] = []
    info = fetch("mnist", lambda done, total: seen.append((done, total)))
    assert (info.local, info.train, info.test) == (True, 200, 50)
    assert left_in(home) == sorted(f"MNIST/raw/{name.removesuffix('.gz')}" for name in server.files)
    size = sum(map(len, server.files.values()))
    assert seen[-1] == (size, size)
    assert all(a[0] < b[0] for a, b in itertools.pairwise(seen))
    assert all(done <= total for done, total in seen)
    fetch("mnist")
    assert len(server.asked) == 4


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        (404, "the server answered 404"),
        (503, "the server answered 503"),
        ("truncate", "the connection ended after"),
        ("corrupt", "the file is corrupt"),
        ("stall", "the server sent nothing for"),
    ],
)
def test_a_failed_download_says_why_and_leaves_nothing(server, home, fault, cause):
    server.faults[FIRST] = fault
    with pytest.raises(DataError) as caught:
        fetch("mnist")
    reason = caught.value.reason
    assert reason.startswith("MNIST could not be downloaded")
    assert cause in reason
    assert f"{server.url}/mnist/{FIRST}" in reason
    assert "FFWEB_DATASETS" in reason
    assert "mnist.npz" in reason
    assert caught.value.field == "data.name"
    assert left_in(home) == []
    server.faults.clear()
    server.release.set()
    assert fetch("mnist").local


def test_a_late_failure_leaves_only_whole_files(server, home):
    server.faults["t10k-labels-idx1-ubyte.gz"] = "truncate"
    with pytest.raises(DataError):
        fetch("mnist")
    assert not any(name.endswith(".part") for name in left_in(home))
    assert not torchvision_sets.describe("mnist", [home]).local


def test_an_unreachable_server_is_named(server, home, monkeypatch):
    monkeypatch.setattr(Idx, "remotes", lambda self, name: remotes("http://127.0.0.1:9", server.files))
    with pytest.raises(DataError, match=r"Connection refused.*try again when the server can be reached"):
        fetch("mnist")


def test_a_second_address_is_tried(server, home, monkeypatch):
    good = remotes(f"{server.url}/mnist", server.files)
    both = [download.Remote(r.name, ("http://127.0.0.1:9/x", *r.urls), r.checksum, r.size) for r in good]
    monkeypatch.setattr(Idx, "remotes", lambda self, name: both)
    assert fetch("mnist").local


def test_whoever_watches_can_end_a_download(server, home):
    class Enough(Exception):
        pass

    def stop(done: int, total: int) -> None:
        raise Enough

    with pytest.raises(Enough):
        fetch("mnist", stop)
    assert left_in(home) == []


@pytest.mark.parametrize(("number", "error"), [(errno.ENOSPC, OutOfSpace), (errno.EACCES, DataError)])
def test_a_disk_that_takes_nothing(server, home, monkeypatch, number, error):
    def fsync(fd: int) -> None:
        raise OSError(number, "no")

    monkeypatch.setattr("os.fsync", fsync)
    with pytest.raises(error, match="MNIST could not be stored"):
        fetch("mnist")
    monkeypatch.undo()
    assert left_in(home) == []


def test_the_mirror_replaces_the_published_addresses(monkeypatch):
    monkeypatch.setenv("FFWEB_DATASETS_MIRROR", "http://mirror.example/data/")
    assert download.addresses("svhn", "a.mat", ("http://far/a.mat",)) == ("http://mirror.example/data/svhn/a.mat",)
    monkeypatch.setenv("FFWEB_DATASETS_MIRROR", "/somewhere")
    with pytest.raises(DataError, match="http://"):
        download.addresses("svhn", "a.mat", ("http://far/a.mat",))


FETCH = """
import json, sys
from pathlib import Path
from trainer.data import download, fetch
from trainer.data.torchvision_layouts import Idx
listed = json.loads(sys.argv[1])
Idx.remotes = lambda self, name: [download.Remote(n, (u,), m, s) for n, u, m, s in listed]
print(fetch("mnist").local)
"""


def other_process(server, home) -> subprocess.Popen[str]:
    listed = [(name, f"{server.url}/mnist/{name}", md5(body), len(body)) for name, body in server.files.items()]
    return subprocess.Popen(
        [sys.executable, "-c", FETCH, json.dumps(listed)],
        env={"FFWEB_HOME": str(home.parent), "PATH": "/usr/bin", "PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=subprocess.PIPE,
        text=True,
    )


def test_two_processes_bring_each_file_once(server, home):
    children = [other_process(server, home) for _ in range(2)]
    assert [child.communicate(timeout=PATIENCE)[0].strip() for child in children] == ["True", "True"]
    assert sorted(server.asked) == sorted(server.files)


def test_a_killed_download_leaves_nothing_that_looks_complete(server, home):
    server.faults["t10k-images-idx3-ubyte.gz"] = "stall"
    child = other_process(server, home)
    assert server.stalled.wait(PATIENCE)
    child.kill()
    child.communicate(timeout=PATIENCE)
    assert not torchvision_sets.describe("mnist", [home]).local
    server.faults.clear()
    server.release.set()
    assert fetch("mnist").local
    assert not any(name.endswith(".part") for name in left_in(home))


def test_who_waits_for_another_download_can_leave(tmp_path):
    path = tmp_path / ".mnist.lock"
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with download.lock(path, lambda: None):
            held.set()
            done.wait(PATIENCE)

    class Enough(Exception):
        pass

    def waiting() -> None:
        raise Enough

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(PATIENCE)
    with pytest.raises(Enough), download.lock(path, waiting):
        pass
    done.set()
    thread.join(PATIENCE)
    with download.lock(path, waiting):
        pass


def test_a_server_that_does_not_say_how_much_it_sends(server, home):
    server.faults = dict.fromkeys(server.files, "unsaid")
    seen: list[tuple[int, int]] = []
    assert fetch("mnist", lambda done, total: seen.append((done, total))).local
    assert seen[-1][0] == seen[-1][1]
