"""Odd files in the data folders: each is its own sentence, quickly and in little memory, and nobody else's trouble."""

from __future__ import annotations

import io
import os
import resource
import struct
import subprocess
import sys
import unicodedata
import zipfile
from pathlib import Path

import numpy as np
import pytest
from datafiles import npz_bytes, pictures
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trainer.data import catalogue, files, npz
from trainer.errors import ConfigError

X, Y, XT, YT = pictures()
GOOD = npz_bytes()
PARTS = ("x_train", "y_train", "x_test", "y_test")


def small(**changes) -> bytes:
    """A good file of a few images."""
    return npz_bytes(**{"x_train": X[:30], "y_train": Y[:30], "x_test": X[:10], "y_test": Y[:10]} | changes)


def archive(method: int = zipfile.ZIP_DEFLATED, **members: bytes) -> bytes:
    """A zip file with these arrays' bytes in place of a good file's."""
    good = zipfile.ZipFile(io.BytesIO(small()))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as made:
        for name in PARTS:
            made.writestr(f"{name}.npy", members.get(name, good.read(f"{name}.npy")))
    return out.getvalue()


def declared(shape: object, descr: object = "|u1", order: bool = False, body: bytes = b"", version: int = 1) -> bytes:
    """An array that says this of itself."""
    head = repr({"descr": descr, "fortran_order": order, "shape": shape}).encode()
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", len(head)) + head + body


def locked() -> bytes:
    """As a zip file with a password: the flag of encryption on every member."""
    body = bytearray(small())
    for sign, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = -1
        while (start := body.find(sign, start + 1)) >= 0:
            body[start + place] |= 1
    return bytes(body)


def strange_compression() -> bytes:
    body = bytearray(small())
    for sign, place in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        start = -1
        while (start := body.find(sign, start + 1)) >= 0:
            body[start + place] = 97
    return bytes(body)


HUGE = 1 << 40
ODD = {
    "a password": locked(),
    "an unknown compression": strange_compression(),
    "bzip2": archive(zipfile.ZIP_BZIP2),
    "lzma": archive(zipfile.ZIP_LZMA),
    "a huge shape": archive(x_train=declared((HUGE, 28, 28, 1))),
    "a huge shape of labels": archive(x_train=declared((HUGE, 1, 1)), y_train=declared((HUGE,), "<i8")),
    "a negative shape": archive(x_train=declared((-30, -28, 28, 1))),
    "no numbers after the header": archive(y_train=declared((30,), "<i8")),
    "objects": archive(y_train=declared((30,), "|O", body=b"cos\nsystem\n(S'true'\ntR.")),
    "a header of 4 GB": archive(x_train=b"\x93NUMPY\x02\x00\xff\xff\xff\xff" + b" " * 50),
    "a header that unpacks": archive(x_train=b"\x93NUMPY\x02\x00" + struct.pack("<I", 50_000_000) + b" " * 50_000_000),
    "a header of brackets": archive(x_train=b"\x93NUMPY\x01\x00" + struct.pack("<H", 9000) + b"(" * 9000),
    "a header of signs": archive(x_train=b"\x93NUMPY\x01\x00" + struct.pack("<H", 9000) + b"-" * 8999 + b"1"),
    "a header of digits": archive(x_train=b"\x93NUMPY\x01\x00" + struct.pack("<H", 9000) + b"9" * 9000),
    "another version": archive(x_train=b"\x93NUMPY\x09\x09" + b" " * 50),
    "a nested type": archive(x_train=declared((30,), [("a", "|u1", (28, 28)), ("b", "<f8")], body=b"\0" * 30 * 792)),
    "too many classes": small(
        x_train=np.zeros((3000, 4, 4), np.uint8), y_train=np.arange(3000), x_test=np.zeros((10, 4, 4), np.uint8)
    ),
    "images of a million pixels a side": small(x_train=np.zeros((30, 1, 1_000_000), np.uint8)),
    "no zip file": b"PK" * 500,
    "nothing": b"",
    "text": "ça ne va pas".encode("latin1"),
}


@pytest.fixture
def folder(own_folder):
    """The folder of FFWEB_DATASETS, with one good file."""
    (own_folder / "good.npz").write_bytes(GOOD)
    return own_folder


def reasons() -> dict[str, str]:
    """{name: sentence} of all that cannot be used; the good file is there whatever else is."""
    found = catalogue.survey()
    assert {"digits", "npz:good"} <= {info.name for info in found.usable}
    assert not {info.name for info in found.usable} & {other.name for other in found.unusable}
    return {other.name: other.reason for other in found.unusable}


@pytest.mark.parametrize("case", ODD)
def test_an_odd_file_is_listed_with_its_sentence(folder, case):
    (folder / "odd.npz").write_bytes(ODD[case])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    why = reasons()["npz:odd"]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kB
    assert str(folder / "odd.npz") in why
    assert why.endswith(".")
    assert "\n" not in why
    assert len(why) < 1200
    with pytest.raises(ConfigError, match=r"odd\.npz"):
        catalogue.describe("npz:odd")


def test_a_directory_of_millions_is_not_read(folder):
    """The directory of a zip file may be as long as the file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for number in range(6000):
            made.writestr(f"{number:050}", b"")
    (folder / "odd.npz").write_bytes(out.getvalue())
    assert "directory is too large" in reasons()["npz:odd"]


def test_labels_are_read_a_piece_at_a_time_and_once(folder, monkeypatch):
    many = np.zeros(2_000_000, np.int64)
    many[:2] = 1, 2
    out = io.BytesIO()
    images = {"x_train": np.zeros((2_000_000, 1, 2), np.uint8), "x_test": np.zeros((2, 1, 2), np.uint8)}
    np.savez_compressed(out, **images, y_train=many, y_test=many[:2])
    (folder / "many.npz").write_bytes(out.getvalue())
    assert out.tell() < 50_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert catalogue.describe("npz:many").classes == 3
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 12_000  # the labels alone have 16 MB
    monkeypatch.setattr(npz, "_header", lambda *_: pytest.fail("it was read again"))
    assert catalogue.describe("npz:many").train == 2_000_000


def test_a_bad_file_is_looked_at_once(folder, monkeypatch):
    (folder / "odd.npz").write_bytes(ODD["bzip2"])
    first = reasons()
    monkeypatch.setattr(npz, "_archive", lambda *_: pytest.fail("it was read again"))
    assert reasons() == first
    monkeypatch.undo()


def test_what_is_no_file_is_never_opened(folder, tmp_path):
    os.mkfifo(folder / "pipe.npz")
    os.mkfifo(folder / "pipe.txt")
    (folder / "folder.npz").mkdir()
    (folder / "folder.txt").mkdir()
    (folder / "lost.npz").symlink_to(tmp_path / "nowhere")
    (folder / "loop.npz").symlink_to(folder / "loop.npz")
    (folder / "zero.npz").symlink_to("/dev/zero")
    (folder / "zero.txt").symlink_to("/dev/zero")
    (folder / "linked.npz").symlink_to(folder / "good.npz")
    found = reasons()
    for name, kind in {
        "npz:pipe": "is a pipe",
        "text:pipe": "is a pipe",
        "npz:folder": "is a folder",
        "text:folder": "is a folder",
        "npz:lost": "is a link to a file that is not there",
        "npz:loop": "is a link to a file that is not there",
        "npz:zero": "is a device",
        "text:zero": "is a device",
    }.items():
        assert kind in found[name]
    assert catalogue.describe("npz:linked").train == 200


def test_a_file_in_place_of_a_catalogue_s_set_says_what_is_wrong(folder):
    (folder / "mnist.npz").write_bytes(ODD["a password"])
    assert "password" in reasons()["mnist"]


@pytest.mark.parametrize("name", ["my data", "data.v2", "données", "a(1)", "数据", "it's", "Ünal & Co"])
def test_a_name_of_any_letters_is_found(folder, name):
    (folder / f"{name}.npz").write_bytes(GOOD)
    info = catalogue.describe(f"npz:{name}")
    assert (info.title, info.train) == (name, 200)
    assert f"npz:{name}" in {info.name for info in catalogue.listing()}


def test_an_ending_in_capitals_and_a_name_stored_apart_are_found(folder):
    (folder / "UPPER.NPZ").write_bytes(GOOD)
    (folder / f"{unicodedata.normalize('NFD', 'données')}.npz").write_bytes(GOOD)
    assert {"npz:UPPER", "npz:données"} <= {info.name for info in catalogue.listing()}
    assert catalogue.describe("npz:UPPER").train == catalogue.describe("npz:données").train == 200


def test_a_name_that_cannot_be_written_is_listed_with_what_helps(folder):
    for name in (b"bytes\xff.npz", b"two\nlines.npz", b".hidden.npz", b" left.npz", b"a;b.npz", b"twice.npz.npz"):
        Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_bytes(GOOD)
    (folder / "GOOD.npz").write_bytes(GOOD)
    (folder / "good.NPZ").write_bytes(GOOD)
    found = reasons()
    assert len(found) == 7
    assert all("rename" in why and why.isprintable() for why in found.values())
    assert "comes first under this name" in found["npz:good.NPZ"]


@given(st.binary(min_size=1, max_size=60))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_name_is_chosen_or_refused(tmp_path, raw):
    name = raw.replace(b"/", b"_").replace(b"\0", b"_")
    made = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name + b".npz"))
    made.write_bytes(b"")
    found = catalogue.survey([tmp_path])
    made.unlink()
    assert len(found.unusable) == 1
    assert found.unusable[0].reason.isprintable()
    found.unusable[0].name.encode()  # no half characters, which no answer could hold


def test_a_folder_that_cannot_be_read_is_said(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("FFWEB_DATASETS", os.pathsep.join([str(folder), str(tmp_path / "gone"), "/dev/null"]))
    found = reasons()
    assert "No such file" in found[str(tmp_path / "gone")]
    assert "Not a directory" in found["/dev/null"]


def test_a_file_without_permission_is_its_own_sentence(folder, monkeypatch):
    (folder / "secret.npz").write_bytes(GOOD)
    real = os.open

    def refused(path, *args, **kwargs):  # tests may run as root, to whom everything is allowed
        if Path(path).name == "secret.npz":
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, *args, **kwargs)

    monkeypatch.setattr(os, "open", refused)
    assert "Permission denied" in reasons()["npz:secret"]


def test_a_file_that_vanishes_meanwhile_is_its_own_sentence(folder, monkeypatch):
    (folder / "odd.npz").write_bytes(GOOD)
    real = files.stamp

    def gone(path):
        found = real(path)
        if path.name == "odd.npz":
            path.unlink(missing_ok=True)
        return found

    monkeypatch.setattr(files, "stamp", gone)
    assert "odd" in reasons()["npz:odd"]


def test_thousands_of_files_are_bounded(folder):
    for number in range(5_000):
        (folder / f"f{number}.npz").touch()
    found = catalogue.survey()
    assert len(found.usable) + len(found.unusable) < 2 * catalogue.MOST_LISTED
    assert any("more files than are listed" in other.reason for other in found.unusable)
    with pytest.raises(ConfigError) as caught:
        catalogue.describe("npz:none")
    assert len(caught.value.reason) < 2000
    with pytest.raises(ConfigError, match=r"f4999\.npz is no readable npz file"):
        catalogue.describe("npz:f4999")


def test_what_takes_long_is_looked_at_the_next_time(folder, monkeypatch):
    monkeypatch.setattr(catalogue, "SECONDS", 0.0)
    found = catalogue.survey()
    assert "has not been looked at yet" in {other.name: other.reason for other in found.unusable}["npz:good"]


def test_the_command_lists_what_cannot_be_used(folder, tmp_path):
    (folder / "odd.npz").write_bytes(ODD["a password"])
    (folder / "few.txt").write_text("A paragraph of sixty characters or more, the only one that there is here.")
    told = subprocess.run(
        [sys.executable, "-m", "trainer", "data", "list"], capture_output=True, text=True, check=True, timeout=120
    ).stdout
    assert "npz:odd: cannot be used." in told
    assert "protected by a password" in told
    assert "text:few: cannot be used." in told
    assert "it has 1 paragraph of" in told
    assert "npz:good: good, 28 × 28 × 1, 10 classes, 200 + 50 images, here" in told


# ── any damage ────────────────────────────────────────────────────────────────────────────────────────────────────
def read_or_refused(path: Path) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = catalogue.survey([path.parent])
    infos = [info for info in found.usable if info.name == "npz:odd"]
    assert all(info.train <= npz.MOST_IMAGES and info.classes <= npz.MOST_CLASSES for info in infos)
    assert len(infos) + len(found.unusable) == 1
    assert all(other.reason.isprintable() for other in found.unusable)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 150_000


ANYTHING = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@given(st.data())
@ANYTHING
def test_flipped_bytes_are_read_or_refused(tmp_path, data):
    body = bytearray(data.draw(st.sampled_from([small(), archive()])))
    edge = 600  # where headers and the directory are
    places = st.one_of(
        st.integers(0, len(body) - 1), st.integers(0, edge), st.integers(len(body) - edge, len(body) - 1)
    )
    for place in data.draw(st.lists(places, min_size=1, max_size=6)):
        body[place] = data.draw(st.integers(0, 255))
    (tmp_path / "odd.npz").write_bytes(
        body[: data.draw(st.integers(0, len(body)))] if data.draw(st.booleans()) else body
    )
    read_or_refused(tmp_path / "odd.npz")


numbers = st.one_of(st.integers(-3, 40), st.integers(), st.booleans())
descriptions = st.one_of(
    st.sampled_from(["|u1", "<i8", ">i2", "|O", "<f4", "|b1", "<U9", "|V3", "|S0", "<M8[s]", "|u1\0"]),
    st.text(max_size=8),
    st.lists(st.tuples(st.text(max_size=3), st.sampled_from(["|u1", "<i8", "|O"])), max_size=3),
    st.tuples(st.just("|u1"), st.lists(st.integers(-2, 9), max_size=3).map(tuple)),
)


@given(
    st.sampled_from(PARTS),
    st.one_of(st.lists(numbers, max_size=5).map(tuple), st.lists(numbers, max_size=2), numbers),
    descriptions,
    st.booleans(),
    st.binary(max_size=300),
    st.sampled_from([1, 2, 3]),
)
@ANYTHING
def test_any_header_is_read_or_refused(tmp_path, part, shape, descr, order, body, version):
    (tmp_path / "odd.npz").write_bytes(archive(**{part: declared(shape, descr, order, body, version)}))
    read_or_refused(tmp_path / "odd.npz")
