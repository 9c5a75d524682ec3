"""Texts: 30 symbols, documents that stay apart, windows, and Aesop's download."""

from __future__ import annotations

import dataclasses
import hashlib

import numpy as np
import pytest
import torch
from datafiles import serve
from hypothesis import given
from hypothesis import strategies as st

from trainer.axes.data import Data
from trainer.data import catalogue, characters, fetch, load, text
from trainer.data.characters import SYMBOLS
from trainer.data.family import Cut
from trainer.errors import ConfigError, DataError


def said(codes) -> str:
    return "".join(SYMBOLS[code] for code in codes)


def fable(number: int) -> str:
    return f"The {number} mice met the cat: they ran; " * (2 + number % 7)


FABLES = "\ufeff" + "\n".join(f"THE MICE, NUMBER {n}\n{fable(n)}" for n in range(30)) + "\nTHE END\nShort.\n"


@pytest.fixture(autouse=True)
def folder(own_folder, monkeypatch):
    monkeypatch.delenv("FFWEB_DATASETS_MIRROR")
    return own_folder


@pytest.fixture
def server(monkeypatch):
    """A server with a small Aesop, whose checksum counts as the published one."""
    body = FABLES.encode()
    with serve({"aesop.txt": body}) as running:
        url = f"{running.url}/aesop.txt"
        remote = dataclasses.replace(text.AESOP, urls=(url,), checksum=hashlib.sha256(body).hexdigest(), size=len(body))
        monkeypatch.setattr(text, "AESOP", remote)
        yield running


def test_every_character_becomes_one_of_thirty():
    assert (
        characters.normalise("Ha!  The ox-cart: \n\tWHY? “It's 3 o'clock”; no_")
        == "ha. the ox cart; why. its oclock; no"
    )


@given(st.text())
def test_what_is_normalised_stays_as_it_is(source):
    once = characters.normalise(source)
    assert set(once) <= set(SYMBOLS)
    assert "  " not in once
    assert characters.normalise(once) == once


def test_a_window_and_its_next_character_lie_in_one_document():
    found = characters.documents([letter * 50 + " ends." * 3 for letter in "abc"])
    x, y = characters.windows(found, Cut(window=5))
    assert len(x) == characters.count(characters.lengths(found), Cut(window=5)) == 3 * (68 - 5)
    texts = [said(document) for document in found]
    assert all(any(said([*row, target]) in whole for whole in texts) for row, target in zip(x, y, strict=True))
    assert said([*x[63], y[63]]) == texts[1][:6]


def test_a_prefix_takes_the_start_of_each_document():
    found = characters.documents(["the start and " + "x" * 60, "a start too and " + "x" * 60])
    x, y = characters.windows(found, Cut(window=4, prefix=12))
    assert len(x) == characters.count(characters.lengths(found), Cut(4, 12)) == 2 * (12 - 4)
    assert said(y[-8:]) == "art too "
    assert x.shape == (16, 4)


def test_a_document_belongs_to_one_part_and_the_tenths_are_alike():
    found = [np.full(length, 3, np.uint8) for length in range(60, 344)]
    parts = characters.divide(found)
    assert [len(part) for part in parts] == [228, 28, 28]
    assert sorted(len(d) for part in parts for d in part) == list(range(60, 344))
    shares = [sum(map(len, part)) / sum(map(len, found)) for part in parts]
    assert shares == pytest.approx([0.8, 0.1, 0.1], abs=0.02)


def test_python_s_topics_are_there_offline():
    info = catalogue.describe("python-topics", [])
    assert (info.kind, info.shape, info.classes, info.local) == ("text", (1, 10, 30), 30, True)
    assert "pydoc_data.topics of Python 3." in info.source
    data = load(Data(name="python-topics", train_size=5000, test_size=1000), "cpu", seed=0)
    assert data.x_train.shape == (5000, 1, 10, 30)
    assert data.x_train.dtype == torch.float32
    assert torch.equal(data.x_train.sum(-1), torch.ones(5000, 1, 10))
    assert data.labels[26:] == ("␣", ",", ";", ".")
    topics = [characters.normalise(topic) for topic in text.topics()]
    windows = zip(data.x_test.argmax(-1).squeeze(1)[:50].tolist(), data.y_test.tolist(), strict=False)
    assert all(any(said([*row, y]) in topic for topic in topics) for row, y in windows)


def test_facts_are_those_of_the_window_and_the_prefix():
    wide = catalogue.facts(Data(name="python-topics", window=20, prefix=100))
    arrays = text.read("python-topics", [], Cut(20, 100))
    assert wide.shape == arrays.x_train.shape[1:] == (1, 20, 30)
    assert (wide.train, wide.valid, wide.test) == (len(arrays.x_train), len(arrays.y_valid), len(arrays.x_test))


def test_validation_takes_nothing_from_training(folder):
    (folder / "mice.txt").write_text("\n\n".join(fable(n) for n in range(40)))
    whole, held = (load(Data(name="text:mice", valid_size=size), "cpu", seed=0) for size in (0, 100))
    assert torch.equal(whole.x_train, held.x_train)
    assert (len(whole.x_valid), len(held.x_valid)) == (0, 100)
    with pytest.raises(ConfigError, match="windows apart for validation"):
        load(Data(name="text:mice", valid_size=100_000), "cpu", seed=0)


@pytest.mark.parametrize(
    ("changes", "field", "what"),
    [
        ({"augment": "shift"}, "data.augment", "set none"),
        ({"prefix": 10}, "data.prefix", "11 or more do"),
        ({"window": 64, "name": "text:mice"}, "data.window", "a smaller window"),
        ({"train_size": 10_000_000}, "data.train_size", "at most that many"),
    ],
)
def test_what_a_text_cannot_give_is_refused(folder, changes, field, what):
    (folder / "mice.txt").write_text(
        "\n\n".join(["The mice met the cat, and they all ran away at once, as one ran."] * 10)
    )
    with pytest.raises(ConfigError, match=what) as caught:
        load(Data(**{"name": "python-topics", **changes}), "cpu", seed=0)
    assert caught.value.errors[0]["loc"] == field


def test_aesop_is_downloaded_once_and_its_headings_are_dropped(server, tmp_path):
    assert not catalogue.describe("aesop").local
    info = fetch("aesop")
    assert (info.local, info.bytes) == (True, len(FABLES.encode()))
    parts = text.parts("aesop", tmp_path / "home" / "datasets" / "aesop.txt")
    told = sorted(said(document) for part in parts for document in part)
    assert told == sorted(characters.normalise(fable(n)) for n in range(30))
    fetch("aesop")
    assert server.asked == ["aesop.txt"]


def test_a_corrupt_aesop_is_not_kept(server, tmp_path):
    server.faults["aesop.txt"] = "corrupt"
    with pytest.raises(DataError, match=r"its SHA-256 is \w+, published is .*python-topics"):
        fetch("aesop")
    assert not (tmp_path / "home" / "datasets" / "aesop.txt").exists()


def test_before_the_download_every_window_is_counted():
    for window in (2, 10, 64):
        info = catalogue.describe("aesop", [], Cut(window))
        assert (info.train, info.valid, info.test) == (
            149_050 - 228 * window,
            19_008 - 28 * window,
            18_320 - 28 * window,
        )


def test_another_text_of_aesop_s_name_is_refused(folder):
    (folder / "aesop.txt").write_text(FABLES)
    with pytest.raises(ConfigError, match="rename it and use text:NAME"):
        catalogue.describe("aesop")
    assert "aesop" not in [info.name for info in catalogue.listing()]


@pytest.mark.parametrize(
    ("body", "why"),
    [(b"\xff\xfe\x00", "is not UTF-8"), (b"One paragraph only.", "10 are needed"), (None, "no own.txt")],
)
def test_a_text_of_one_s_own_that_does_not_do(folder, body, why):
    if body is not None:
        (folder / "own.txt").write_bytes(body)
    with pytest.raises(ConfigError, match=why):
        catalogue.describe("text:own")


def test_a_text_that_changes_is_read_again(folder):
    for count in (20, 40):
        (folder / "own.txt").write_text("\n\n".join(fable(n) for n in range(count)))
        info = catalogue.describe("text:own")
        lengths = [len(characters.normalise(fable(n))) for n in range(count)]
        assert info.train + info.test + info.valid == sum(lengths) - 10 * count


@pytest.mark.parametrize("name", ["text:../x", "text:", "text:a.txt"])
def test_a_name_that_is_none(name):
    with pytest.raises(ConfigError, match="names no text"):
        catalogue.describe(name)
