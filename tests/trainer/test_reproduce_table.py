"""The statistics against numbers worked out by hand, and the table with all, some and no results."""

from __future__ import annotations

import json
from math import sqrt
from pathlib import Path

import pytest
from rows import row

from trainer.cli import main
from trainer.config import compose, parse
from trainer.presets import PRESETS, Preset, Target, words
from trainer.presets.fingerprint import fingerprint
from trainer.presets.measured import current, read
from trainer.presets.summary import summary
from trainer.reproduce import page, pages, record, results

COLUMNS = 10


def test_the_statistics_by_hand():
    rows = [row(0, 0.88), row(1, 0.90), row(2, 0.92), row(0, 0.80, "random"), row(0, 0.86, "linear")]
    found = summary(rows)
    assert found.figure.mean == pytest.approx(0.9)
    assert found.figure.sd == pytest.approx(0.02)
    assert found.figure.best == 0.92
    assert found.figure.error == pytest.approx(sqrt(0.9 * 0.1 / 400 + 0.02**2 / 3))  # 0.0189
    random, linear = found.controls["random"], found.controls["linear"]
    assert random.control.sd is None
    assert random.control.error == pytest.approx(0.02)  # √(0.8 · 0.2 / 400)
    assert random.gain == pytest.approx(0.1)
    assert random.error == pytest.approx(sqrt(0.000225 + 0.0004 / 3 + 0.0004))  # 0.0275
    assert (random.beats, linear.beats) == (None, None)  # a single seed knows of no spread
    assert found.per_layer == (0.5, None)


@pytest.mark.parametrize("control", ["random", "linear"])
def test_beaten_is_said_with_three_seeds_of_both_and_by_two_standard_errors(control):
    def said(own, other, level):
        rows = [*(row(seed, 0.9) for seed in own), *(row(seed, level, control) for seed in other)]
        against = summary(rows).controls[control]
        return against.verdict, against.beats

    three, two = range(3), range(2)
    assert said(three, three, 0.8) == ("beaten", True)
    assert said(three, three, 0.97) == ("behind", False)
    # 0.03 < 2 √(0.9 · 0.1 / 400 + 0.87 · 0.13 / 400) = 0.045
    assert said(three, three, 0.87) == said(three, three, 0.93) == ("level", False)
    assert said(three, two, 0.8) == said(two, three, 0.8) == (None, None)


def test_an_error_is_better_down_and_has_the_spread_of_its_accuracy():
    found = summary([row(0, 0.97), row(1, 0.99), row(0, 0.9, "random")], "test/error")
    assert found.figure.mean == pytest.approx(0.02)
    assert found.figure.best == pytest.approx(0.01)
    assert found.controls["random"].gain == pytest.approx(0.08)
    assert found.figure.error == pytest.approx(summary([row(0, 0.97), row(1, 0.99)]).figure.error)


def test_a_perplexity_is_judged_by_its_seeds_alone():
    def text(seed, value, control=None):
        return row(seed, 0.4, control, metrics={"test/accuracy": 0.4, "test/perplexity": value})

    one = summary([text(0, 5.5), text(0, 7.0, "random")])
    assert one.figure.metric == "test/perplexity"
    assert one.controls["random"].gain == pytest.approx(1.5)
    assert one.controls["random"].beats is None
    seeds = zip((5.4, 5.6, 5.5), (7.0, 7.1, 7.2), strict=True)
    three = summary([r for n, (own, other) in enumerate(seeds) for r in (text(n, own), text(n, other, "random"))])
    assert three.figure.best == 5.4
    assert three.controls["random"].error == pytest.approx(sqrt(0.01 / 3 + 0.01 / 3))
    assert three.controls["random"].beats


def test_a_head_is_shown_beside_its_label_sweep(table):
    metrics = {"test/accuracy": 0.985, "test/sweep_accuracy": 0.98, "train/accuracy": 1.0}
    (a,) = table(of("a", [row(0, metrics=metrics)]), a=Target(0.016, "test/error", "down"))
    assert a[4] == "1.50 % error<br>2.00 % error by label sweep"


def test_a_text_stands_beside_what_counting_achieves(table):
    metrics = {"test/accuracy": 0.4, "test/perplexity": 5.5}
    (a,) = table(of("a", [row(0, metrics=metrics, ngrams=[17.0, 9.124])]), a=Target(5.8, "test/perplexity", "down"))
    assert (a[4], a[6]) == ("5.50 perplexity<br>40.00 %", "≤ 5.80 perplexity: met")
    assert a[7] == "perplexity of counted n-grams, by n: 1: 17.00, 2: 9.12"


def test_nothing_comes_to_nothing():
    assert summary([]) is None
    assert summary([row(control="random")]) is None
    assert summary([row()], "test/perplexity") is None


def test_rows_of_an_earlier_form_of_a_preset_do_not_count():
    kept, old = row(0), row(1, config="000000000000")
    assert current(PRESETS["ff-digits"], [kept, old, row(preset="backprop-digits")]) == [kept]
    changed = row(changes={"optimiser.lr": 0.5})
    assert current(PRESETS["ff-digits"], [kept, changed], {"optimiser.lr": 0.5}) == [changed]
    gone = row() | {"changes": {"optimiser.no_such": 1}}
    assert current(PRESETS["ff-digits"], [gone], {"optimiser.no_such": 1}) == []


def test_a_control_that_is_derived_otherwise_by_now_does_not_count():
    kept, old = row(0, control="backprop"), row(0, control="random", derived="000000000000")
    unsaid = {name: value for name, value in row(1, control="random").items() if name != "derived"}
    gone = row(0) | {"control": "no_such"}
    assert current(PRESETS["ff-digits"], [row(0), kept, old, unsaid, gone]) == [row(0), kept]


def test_a_fingerprint_is_of_what_is_learnt_alone():
    plain = fingerprint(parse(compose("ff-digits")))
    neutral = {"seed": 3, "name": "other", "device": "cpu", "threads": 2, "metrics.every_steps": 7}
    assert fingerprint(parse(compose("ff-digits", None, neutral))) == plain
    defaults = {"optimiser.lr": parse(compose("ff-digits")).optimiser.lr}
    assert fingerprint(parse(compose("ff-digits", None, defaults))) == plain
    for changes in ({"objective.kind": "symba"}, {"objective.kind": "threshold"}, {"optimiser.lr": 0.5}):
        assert fingerprint(parse(compose("ff-digits", None, changes))) != plain


def presets(**targets):
    """Presets on digits with these targets."""
    return {
        name: Preset(**{**vars(PRESETS["ff-digits"]), "name": name, "title": f"Title of {name}", "target": target})
        for name, target in targets.items()
    }


@pytest.fixture
def table(monkeypatch):
    """(rows, targets by preset) -> the cells of each preset's line."""

    def make(rows, **targets):
        chosen = presets(**targets)
        monkeypatch.setattr("trainer.presets.PRESETS", {**PRESETS, **chosen})
        lines = results.tables(rows, chosen).splitlines()
        assert lines[0].startswith("## ")
        cells = [line.strip("| ").split(" | ") for line in lines if line.startswith("| `")]
        assert all(len(line) == COLUMNS for line in cells)
        return cells

    return make


def of(name, rows):
    """Rows of ff-digits as those of a preset of the same config."""
    return [{**entry, "preset": name} for entry in rows]


def test_every_preset_has_a_line_and_says_what_is_known(table):
    rows = of("a", [row(0, 0.88), row(1, 0.92), row(0, 0.8, "random"), row(0, 0.95, "backprop")])
    a, b, c = table(rows, a=Target(0.895), b=Target(0.016, "test/error", "down"), c=None)
    assert a == [
        "`a`", "Title of a", "60 epochs<br>20 s<br>86,220 images", "0, 1", "90.00 ± 2.83 %", "50.0 · –",
        "≥ 89.50 %: met",
        "random 80.00 % (1 seed): +10.00 points, not judged below 3 seeds (2 s.e. 6.40 points)"
        "<br>backprop 95.00 % (1 seed): −5.00 points, not judged below 3 seeds (2 s.e. 5.45 points)",
        "A processor, 1 thread on 2 cores, torch 2.13.0", "012345678 with changes",
    ]  # fmt: skip
    assert b == ["`b`", "Title of b", "expected: 9.0 s", "–", "not run", "–", "≤ 1.60 % error", "–", "–", "–"]
    assert c[4] == "not run"


def test_a_missed_target_says_by_how_much_in_its_own_unit(table):
    (a,) = table(of("a", [row(0, 0.975)]), a=Target(0.016, "test/error", "down"))
    assert a[4] == "2.50 % error"
    assert a[6] == "≤ 1.60 % error: **not met**, by 0.90 points"
    assert a[7] == "not run"


def test_controls_alone_and_earlier_forms_are_no_result(table):
    (a,) = table(of("a", [row(0, 0.8, "random")]), a=None)
    assert a[4] == "not run"
    (a,) = table(of("a", [row(0, 0.8, config="0")]), a=None)
    assert a[4] == "not run (its settings have changed since it was)"


def test_changes_have_lines_of_their_own(table):
    rows = of("a", [row(0, 0.9), row(0, 0.7, changes={"optimiser.lr": 0.5})])
    plain, changed = table(rows, a=Target(0.8))
    assert (plain[0], changed[0]) == ("`a`", "`a`<br>with `optimiser.lr=0.5`")
    assert (plain[4], changed[4]) == ("90.00 %", "70.00 %")
    assert (plain[6], changed[6]) == ("≥ 80.00 %: met", "≥ 80.00 %")


def test_a_page_keeps_what_was_written_by_hand(tmp_path):
    path = tmp_path / "results.md"
    path.write_text(f"# Mine\n\nabove\n\n{page.BEGIN}\nof yesterday\n{page.END}\n\nbelow\n")
    pages.write(tmp_path, [row()])
    once = path.read_text()
    pages.write(tmp_path, [row()])
    assert path.read_text() == once
    assert once.startswith("# Mine\n\nabove\n")
    assert once.endswith("\n\nbelow\n")
    assert "of yesterday" not in once
    assert all(f"`{name}`" in once for name in PRESETS)


@pytest.mark.parametrize("name", pages.MADE)
def test_the_pages_are_made_from_the_rows_and_presets_as_they_are(tmp_path, name):
    stored = Path(__file__).parents[2] / "docs" / name
    again = tmp_path / name
    again.write_bytes(stored.read_bytes())
    pages.write(tmp_path, read())
    assert again.read_text() == stored.read_text(), "python -m trainer reproduce --table makes it anew"


def test_a_row_measured_again_replaces_the_one_before(tmp_path):
    path = tmp_path / "measured.json"
    record.add(path, [row(1), row(0), row(0, control="random"), row(0, preset="backprop-digits")])
    record.add(path, [row(0, 0.5), row(0, changes={"optimiser.lr": 0.5})])
    found = [(r["preset"], r["control"], r["changes"], r["seed"], r["metrics"]["test/accuracy"]) for r in read(path)]
    assert found == [
        ("backprop-digits", None, {}, 0, 0.9),
        ("ff-digits", None, {"optimiser.lr": 0.5}, 0, 0.9),
        ("ff-digits", None, {}, 0, 0.5),
        ("ff-digits", None, {}, 1, 0.9),
        ("ff-digits", "random", {}, 0, 0.9),
    ]
    assert [path] == list(tmp_path.iterdir())


def test_presets_say_what_was_measured(monkeypatch, capsys):
    rows = [row(seed, level, control) for seed in range(3) for level, control in ((0.9, None), (0.8, "random"))]
    monkeypatch.setattr("trainer.commands.presets.read", lambda: rows)
    assert main(["presets"]) == main(["presets", "--json"]) == 0
    out = capsys.readouterr().out
    assert "this project measured 90.00 ± 0.00 % (test, 3 seeds; 60 epochs, 20 s; A processor, 1 thread" in out
    listed = {entry["name"]: entry for entry in json.loads(out[out.index("\n[") :])}
    assert listed["ff-digits"]["measured"]["controls"]["random"]["beats"] is True
    assert "beside its control random: 80.00 ± 0.00 % (3 seeds), beaten" in out
    assert listed["backprop-digits"]["measured"] is None


@pytest.mark.parametrize(("seconds", "said"), [(4.26, "4.3 s"), (42, "42 s"), (210, "3.5 min"), (7560, "2.1 h")])
def test_times_are_read_at_a_glance(seconds, said):
    assert words.seconds(seconds) == said
