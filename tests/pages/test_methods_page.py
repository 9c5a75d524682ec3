"""The page /methods: every method in its order, drawn, sourced, honest; links that open what they say."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

import numpy as np
import pytest
from django.test import Client
from django.utils.html import escape
from forms import shown
from persons import make_run

from ffweb.pages import views_methods
from ffweb.pages.methods import ENTRIES, drawing, findings, inputs, unrolled
from ffweb.pages.methods.gauges import GAUGES
from ffweb.pages.methods.mishaps import MISHAPS
from ffweb.pages.methods.place import place
from ffweb.people.models import User
from ffweb.runs import status
from ffweb.runs.models import Run
from trainer import config as trainer_config
from trainer.controls import CONTROLS
from trainer.presets import PRESETS, Preset, measured, words
from trainer.presets.findings import FINDINGS, Case, Finding
from trainer.presets.fingerprint import fingerprint

Browser = Callable[[User | None], Client]
ORDER = (
    *("ff", "pezeshki", "symba", "swish-symba", "hard-negatives", "peer-normalisation"),
    *("unsupervised", "recurrent", "text"),
    *("trifecta", "ff-cnn", "local", "attention", "kesanapalli"),
    *("mono-forward", "lcp", "hff", "predsim", "cwcomp", "deeperforward", "asge"),
    *("distance-forward", "scff", "layer-collaboration"),
    *("hybrid", "black-box"),
    *("backprop", "deep-supervision", "random", "linear"),
)


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> tuple[Preset, Preset]:
    """Two presets of one method, and none of any other; nothing is measured yet."""
    (tmp_path / "nothing.json").write_text("[]")
    monkeypatch.setattr(measured, "MEASURED", tmp_path / "nothing.json")
    first = replace(PRESETS["ff-digits"], method="swish-symba")
    second = replace(PRESETS["ff-pezeshki-mnist"], method="swish-symba")
    monkeypatch.setattr(views_methods, "PRESETS", {p.name: p for p in (first, second)})
    return first, second


@pytest.fixture
def page(browser: Browser, alice: User) -> Callable[[], str]:
    def load() -> str:
        return browser(alice).get("/methods").content.decode()

    return load


def entry(page: str, slug: str) -> str:
    """The part of the page that speaks of one method."""
    found = re.search(rf'<article class="entry" id="{slug}".*?</article>', page, re.S)
    assert found
    return found[0]


def test_every_method_in_the_order_of_the_page() -> None:
    assert tuple(ENTRIES) == ORDER


def test_anchors_and_contents_agree(page: Callable[[], str]) -> None:
    text = page()
    ids = re.findall(r'\sid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    targets = set(re.findall(r'href="#([^"]+)"', text)) - {"main"}
    assert {target for target in targets if not target.startswith("i-")} <= set(ids)
    assert set(ORDER) <= targets
    assert "<svg" in entry(text, "recurrent")


@pytest.mark.parametrize("slug", ORDER)
def test_entries_are_whole(slug: str) -> None:
    method = ENTRIES[slug]
    assert method.source
    assert method.caption
    assert method.charts.endswith(".")
    assert 1 <= len(re.findall(r"[.!?”]( |$)", method.text)) <= 4
    assert all(claim.conditions for claim in method.published)
    assert method.published or method.silent


def drawings() -> list[str]:
    drawn = [drawing.draw(method.picture, "a drawing") for method in ENTRIES.values() if method.picture]
    return [*drawn, unrolled.draw("a <drawing>")]


def test_drawings_are_well_formed_and_need_nothing_inline() -> None:
    for svg in drawings():
        root = ElementTree.fromstring(svg)
        assert root.attrib["role"] == "img"
        assert root.attrib["aria-label"]
        assert not re.search(r"\b(style|fill|stroke|id)=", svg)


def test_drawings_stay_on_their_sheet() -> None:
    for svg in drawings():
        root = ElementTree.fromstring(svg)
        _, top, width, height = (float(n) for n in root.attrib["viewBox"].split())
        for box in root.iter("rect"):
            if box.attrib["class"].startswith("layer-box"):
                assert 0 <= float(box.attrib["x"]) <= width - float(box.attrib["width"])
                assert float(box.attrib["y"]) + float(box.attrib["height"]) <= top + height


def test_a_layer_keeps_its_colour_and_every_drawing_differs() -> None:
    two = drawing.draw(drawing.Picture(gauges=("pair", "pair"), gaps=("",), names=("L1", "L2")), "")
    assert '<g class="layer-a">' in two
    assert '<g class="layer-c">' in two
    assert '<g class="layer-b">' not in two
    assert len(set(drawings())) == len(ENTRIES)


def test_bars_part_layers_where_no_gradient_passes_and_nowhere_else() -> None:
    def bars(**changes: Any) -> int:
        return drawing.draw(replace(drawing.Picture(), **changes), "").count("stroke bar")

    assert bars() == 8
    assert bars(gaps=("", "")) == 0
    assert bars(gaps=("bars", "")) == 4


def test_no_part_of_the_drawing_language_is_left_unused() -> None:
    pictures = [method.picture for method in ENTRIES.values() if method.picture]
    assert {gauge for picture in pictures for gauge in picture.gauges if gauge} == set(GAUGES)
    assert {kind for picture in pictures for kind in picture.inputs} == set(inputs.DRAWN)


# ── presets ───────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_method_without_a_preset_has_no_button(page: Callable[[], str], two: tuple[Preset, Preset]) -> None:
    shown = entry(page(), "symba")
    assert "Run it" not in shown
    assert "Presets" not in shown


def test_a_method_lists_its_presets_and_runs_the_first(page: Callable[[], str], two: tuple[Preset, Preset]) -> None:
    shown = entry(page(), "swish-symba")
    assert shown.count("Run it") == 1
    assert f'<a class="btn" href="/runs/new?preset={two[0].name}">Run it' in shown
    assert f'href="/runs/new?preset={two[1].name}">{escape(two[1].title)}' in shown
    assert shown.count("Not measured by this project yet.") == 2
    assert "In this installation" not in shown


def test_the_median_is_of_runs_of_the_preset_as_it_stands_and_visible(
    page: Callable[[], str], two: tuple[Preset, Preset], alice: User, bob: User
) -> None:
    config = trainer_config.parse(trainer_config.compose(two[0].name)).model_dump(mode="json")

    def run(accuracy: float, owner: User = alice, **fields: Any) -> str:
        result = {"metrics": {"test/accuracy": {"last": accuracy, "best": 1.0}}}
        values = {"config": config, "preset": two[0].name, "status": status.FINISHED, "result": result} | fields
        return make_run(owner, **values).pk

    run(0.95)
    run(0.91)
    middle = run(0.93, owner=bob)
    run(0.99, owner=bob, visibility="private")
    run(0.98, status=status.STOPPED)
    run(0.97, config=config | {"activation": {"kind": "another"}})
    shown = entry(page(), "swish-symba")
    words = " ".join(re.sub(r"<(?!a )[^>]*>", "", shown).split())
    assert f'reached <a href="/runs/{middle}">93.00 %, the median of 3 runs · 91.00 % to 95.00 %' in words


def _fingerprint(changes: Mapping[str, Any]) -> str:
    return fingerprint(trainer_config.parse(trainer_config.compose("ff-digits", None, changes)))


def row(seed: int, accuracy: float, control: str | None = None, **fields: Any) -> dict[str, Any]:
    """A row of measured.json for ff-digits."""
    machine = {"cpu": "A CPU", "cores": 2, "threads": 2, "device": "cpu", "torch": "2.13"}
    budget = {"epochs": 20.0, "images": 1, "flops": 1.0, "seconds": 12.0, "compute_seconds": 9.0, "peak_bytes": None}
    common: dict[str, Any] = {
        "preset": "ff-digits",
        "changes": {},
        "config": _fingerprint({}),
        "per_layer": [],
        "test_images": 360,
        **budget,
    }
    said = {"commit": "abc", "date": "2026-01-01", "machine": machine, "metrics": {"test/accuracy": accuracy}}
    config = trainer_config.parse(trainer_config.compose("ff-digits", None, fields.get("changes", {})))
    more = {"derived": fingerprint(CONTROLS[control].derive(config), but=("data",))} if control else {}
    return {"seed": seed, "control": control, **common, **said, **more, **fields}


def test_what_was_measured_stands_beside_its_controls(
    page: Callable[[], str], two: tuple[Preset, Preset], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    beside = [("random", 0.8), ("backprop", 0.98), ("linear", 0.9)]
    rows = [row(n, accuracy) for n, accuracy in enumerate((0.95, 0.97, 0.96))] + [row(3, 0.1, config="older")]
    rows += [row(n, level, control) for n in range(3) for control, level in beside if n == 0 or control != "linear"]
    (tmp_path / "measured.json").write_text(json.dumps(rows))
    monkeypatch.setattr(measured, "MEASURED", tmp_path / "measured.json")
    words = " ".join(re.sub(r"<[^>]*>", " ", entry(page(), "swish-symba")).split())
    assert (
        "This project measured 96.00 ± 1.00 % · 3 seeds, 20 epochs, 12 s each on A CPU, 2 threads on 2 cores" in words
    )
    assert "Beside the same net frozen at random 80.00 ± 0.00 %: 16.00 points better." in words
    assert "Beside backprop 98.00 ± 0.00 %: 2.00 points worse, which may be chance." in words
    assert "Beside a softmax on the pixels 90.00 %: 6.00 points better with 1 seed, where 3 would tell." in words
    assert words.count("Not measured by this project yet.") == 1


def test_what_a_public_code_does_otherwise_stands_beside_its_preset(page: Callable[[], str]) -> None:
    found = entry(page(), "pezeshki")
    assert "What the public code does otherwise: The threshold loss here is twice" in found
    assert "2e-8 would be theirs." in found
    assert "What the public code does otherwise" not in entry(page(), "mono-forward")


def test_the_place_on_the_axes_is_what_differs_from_the_default() -> None:
    assert place("ff-digits") == []
    words = dict(place("ff-pezeshki-mnist"))
    assert words["Schedule"] == "Greedy"
    assert words["Competitors"] == "Random wrong label (allow the true label, drawn once)"
    assert words["Hand-over"] == "Unit length"
    assert "Architecture" not in words


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_has_a_place_in_words(name: str) -> None:
    for axis, said in place(name):
        assert axis
        assert said
        assert "_" not in said


def test_presets_name_methods_that_there_are() -> None:
    assert {preset.method for preset in PRESETS.values()} <= {"", *ENTRIES}


# ── what went wrong, what was found ───────────────────────────────────────────────────────────────────────────────
def test_a_try_opens_a_form_that_can_start(browser: Browser, alice: User) -> None:
    client = browser(alice)
    for attempt in (attempt for mishap in MISHAPS for attempt in mishap.tries if attempt.preset in PRESETS):
        response = client.get("/runs/new", {"preset": attempt.preset, "set": attempt.changes})
        assert response.status_code == 200
        assert response.context["cannot"] == [], attempt
        assert len(response.context["preview"]["changes"]) == len([c for c in attempt.changes.split(";") if c])


def test_a_try_without_its_preset_is_not_offered(page: Callable[[], str], two: tuple[Preset, Preset]) -> None:
    text = page()
    assert "set=competitors.allow_true%3Dfalse" in text
    assert "preset=ff-recurrent-mnist" not in text


def test_findings_are_hidden_until_their_cases_are_measured(
    page: Callable[[], str], two: tuple[Preset, Preset], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    case = Case("One layer", "ff-digits", {"architecture.hidden": [100]})
    found = Finding("deep", "Depth & sums", "A sum hides.", "One net.", "test/accuracy", (case,))
    monkeypatch.setattr(findings, "FINDINGS", (found,))
    assert "What we found" not in page()
    same: dict[str, Any] = {"changes": dict(case.changes), "config": _fingerprint(case.changes)}
    rows = [row(0, 0.9, control, per_layer=[0.81, None], **same) for control in (None, "random")]
    (tmp_path / "measured.json").write_text(json.dumps(rows))
    monkeypatch.setattr(measured, "MEASURED", tmp_path / "measured.json")
    text = page()
    assert 'href="#found"' in text
    assert "Depth &amp; sums" in text
    assert 'href="/runs/new?preset=ff-digits&amp;set=architecture.hidden%3D%5B100%5D">One layer' in text
    assert "1 seed a case, on A CPU, 2 threads on 2 cores" in text
    assert "20 epochs, 12" in text
    assert re.findall(r"<td>(.*?)</td>", text) == ["90.00\u202f%", "81.0 · –", "90.00\u202f%"]


@pytest.fixture
def own_pictures(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The files that presets on one's own data name, with a few pictures each."""
    named = {preset.config.get("data", {}).get("name", "") for preset in PRESETS.values()}
    labels = np.arange(400) % 10
    for name in (name.removeprefix("npz:") for name in named if name.startswith("npz:")):
        x = np.zeros((len(labels), 32, 32, 3), np.uint8)
        np.savez(tmp_path / f"{name}.npz", x_train=x, y_train=labels, x_test=x[:100], y_test=labels[:100])
    monkeypatch.setenv("FFWEB_DATASETS", str(tmp_path))


@pytest.mark.usefixtures("own_pictures")
@pytest.mark.parametrize("finding", FINDINGS, ids=lambda finding: finding.slug)
def test_a_case_opens_a_form_that_can_start_it(finding: Finding, browser: Browser, alice: User) -> None:
    client = browser(alice)
    for case in finding.cases:
        query = urlencode({"preset": case.preset, "set": ";".join(words.settings(case.changes))})
        page = client.get(f"/runs/new?{query}")
        assert page.context["cannot"] == [], case
        assert client.post(f"/runs/new?{query}", shown(page) | {"do": "start"}).status_code == 302
        run = Run.objects.latest("created")
        wanted = trainer_config.parse(trainer_config.compose(case.preset, None, dict(case.changes)))
        assert fingerprint(trainer_config.parse(run.config)) == fingerprint(wanted), case


def test_what_is_not_flattering_is_said(page: Callable[[], str]) -> None:
    text = page()
    assert "still ahead of everything that is called Forward-Forward" in text
    assert "has not been shown to learn features" in text
