"""Texts of one's own: accents, line ends, what is left out and how it is said, and what reading one costs."""

from __future__ import annotations

import hashlib
import re
import time
import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.data import catalogue, characters, text
from trainer.data.characters import SYMBOLS
from trainer.errors import ConfigError

FABLE = "The mice met the cat, and they all ran away at once, as one ran: so it was then"


def paragraphs(part: str, count: int = 20) -> str:
    return "\n\n".join(f"{part} {'so ' * (n % 5)}." for n in range(count))


@pytest.fixture(autouse=True)
def folder(own_folder):
    return own_folder


def told(folder, source: str | bytes):
    """What is known of a text of one's own."""
    (folder / "own.txt").write_bytes(source if isinstance(source, bytes) else source.encode())
    return catalogue.describe("text:own")


def refused(folder, source: str | bytes) -> str:
    with pytest.raises(ConfigError) as caught:
        told(folder, source)
    assert caught.value.errors[0]["loc"] == "data.name"
    return caught.value.reason


def plainly(source: str) -> str:
    """`normalise` as it is defined, letter by letter."""
    alike = source.lower().translate(str.maketrans({":": ";", "!": ".", "?": ".", "-": " "}))
    return re.sub(" +", " ", re.sub("[^a-z ,;.]", "", re.sub(r"\s", " ", alike))).strip()


@given(st.text() | st.text(alphabet="aB é…—:!?-\t\x85\u2028\u3000İßſK'1"))
def test_what_was_published_is_cleaned_as_ever(source):
    assert characters.normalise(source) == plainly(source)


def test_the_topics_are_the_same_to_the_byte():
    found = characters.documents(text.topics())
    plain = [said for said in map(plainly, text.topics()) if len(said) >= characters.SHORTEST]
    assert ["".join(SYMBOLS[code] for code in document) for document in found] == plain


def test_a_published_text_keeps_what_it_had_of_accents():
    """Aesop's Æthiop is “thiop” and stays so: figures were measured on it."""
    assert characters.normalise("The Æthiop… said “été”") == "the thiop said t"


@pytest.mark.parametrize(
    ("source", "plain"),
    [
        ("Ils étaient là", "ils etaient la"),
        ("cœur, Straße, smørrebrød, łódź, Þór", "coeur, strasse, smorrebrod, lodz, thor"),
        ("a word—and another", "a word and another"),
        ("ﬁne ＷＩＤＥ", "fine wide"),
        ("naïve co\u00adoperate\u200b", "naive cooperate"),
    ],
)
def test_accents_and_ligatures_are_folded(source, plain):
    assert characters.normalise(characters.fold(source)) == plain


@given(st.text())
def test_however_a_text_is_stored_it_is_one_text(source):
    forms = {characters.normalise(characters.fold(unicodedata.normalize(form, source))) for form in ("NFC", "NFD")}
    assert len(forms) == 1


def test_line_ends_marks_and_forms_make_no_other_data_set(folder):
    source = paragraphs("Les souris étaient déjà là, et tous se sont enfuis aussitôt, comme un seul")
    forms = [
        source.encode(),
        unicodedata.normalize("NFD", source).encode(),
        source.replace("\n", "\r\n").encode(),
        source.replace("\n", "\r").encode(),
        b"\xef\xbb\xbf" + source.encode(),
    ]
    assert len({told(folder, form).content for form in forms}) == 1


def test_what_is_left_out_is_said(folder):
    assert told(folder, paragraphs("The mice met the cat and they all ran away at once, as one ran")).note == ""
    note = told(folder, paragraphs(f"{FABLE} in 1912 (it’s said)")).note
    assert re.fullmatch(r"\d\.\d % of its characters are left out, such as 1, \(, \)\.", note)


@pytest.mark.parametrize(
    ("source", "share"),
    [
        (paragraphs(f"{FABLE} {'Мыши встретили кота, и все сразу убежали. ' * 12}"), "8"),
        (paragraphs("3.14159265 2.71828182 1.41421356 1.73205080 2.23606797 0.57721566"), "8"),
        (paragraphs("老鼠遇见了猫，它们立刻全都跑了" * 8), "9"),
    ],
)
def test_a_text_that_would_lose_more_than_half_is_refused(folder, source, share):
    why = refused(folder, source)
    assert re.search(rf"{share}\d % of its characters, such as .+, are none of the symbols that there are", why)
    assert "a to z, the space, the comma, the semicolon and the full stop" in why


def test_few_paragraphs_are_said_with_the_way_to_part_them(folder):
    lines = "\n".join(f"{FABLE} {n}" for n in range(40))
    why = refused(folder, lines)
    assert "it has 1 paragraph of 60 characters" in why
    assert "40 lines as long: in a shell sed G OLD.txt > NEW.txt" in why
    told(folder, lines.replace("\n", "\n\n"))
    table = "\n".join(["name,colour,size", *["mouse,grey,small"] * 50])
    assert "Put an empty line wherever a part ends" in refused(folder, table)


@pytest.mark.parametrize(("code", "named"), [("utf-16", "utf-16"), ("latin1", "latin1")])
def test_another_encoding_is_said_with_the_line_that_mends_it(folder, code, named):
    assert f"iconv -f {named} -t utf-8" in refused(folder, paragraphs(f"{FABLE} é").encode(code))


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(tmp_path_factory, body):
    path = tmp_path_factory.mktemp("own") / "own.txt"
    path.write_bytes(body * 20)
    found = catalogue.survey([path.parent])
    assert all(other.reason.isprintable() for other in found.unusable)


@pytest.mark.parametrize("piece", [f"{FABLE}é\n\n", "a\n\n", "\ufdfa", "х", "\n", f"{FABLE}\n", "\u0301"])
def test_the_largest_text_costs_little_once_and_nothing_twice(folder, piece):
    """However it is made: eight megabytes take a second or so of computing, and are remembered."""
    source = piece.encode() * (text.MOST_BYTES // len(piece.encode()))
    (folder / "own.txt").write_bytes(source)

    def look() -> float:
        began = time.thread_time()
        catalogue.survey()
        return time.thread_time() - began

    assert look() < 20
    assert look() < 1


def test_counting_windows_needs_no_list_of_documents():
    rng = np.random.default_rng(0)
    found = [np.zeros(size, np.uint8) for size in rng.integers(60, 90, 5000)]
    assert len(characters.lengths(found)) == 30
    assert sum(number for _, number in characters.lengths(found)) == 5000


def test_a_text_is_known_by_its_documents(folder):
    first = told(folder, paragraphs(FABLE)).content
    assert told(folder, paragraphs(FABLE.upper())).content == first
    assert told(folder, paragraphs(FABLE.replace("cat", "dog"))).content != first
    assert hashlib.sha256(b"").hexdigest()[:12] not in first


@pytest.mark.parametrize("marks", ["\u0301\u0323", "".join(map(chr, range(0x300, 0x34F))), "\u0345\u05b0\u064b"])
def test_marks_without_end_cost_no_more_than_their_number(marks: str) -> None:
    """Unicode orders them, which took the square of their number: this many took minutes, and held the process."""
    assert characters.fold("a" + marks * 300_000 + "b") == "ab"


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=40))
def test_leaving_marks_out_first_changes_nothing_that_is_kept(text: str) -> None:
    plainly = unicodedata.normalize("NFKD", text).lower()
    for letter, spelt in characters._SPELT.items():
        plainly = plainly.replace(letter, spelt)
    assert characters.normalise(characters.fold(text)) == characters.normalise(plainly)
