"""Studies of memory: what is compared, what a process measures of itself, what is kept and shown."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.trainer import tiny
from trainer import loop, report, result
from trainer.cli import main
from trainer.data.catalogue import describe
from trainer.estimate import estimate
from trainer.events import read_events
from trainer.profiling import plot, saving, study
from trainer.profiling.cases import DEFAULT, DEPTHS, IMAGES, METHODS, Case

MB = 1_000_000
SMALL = ["--layers=2", "--hidden=40", "--batch=100", "--data=digits", "--images=300", "--threads=1"]


def row(method="ff", layers=2, rss=5e6, **more):
    held = {"rise": {"rss": rss, "anonymous": 4e6, "cuda": None}, "parts": {"weights": 1e6, "activations": 2e6}}
    return {**Case(method, layers).as_dict(), "seconds": 1.5, "cpu_seconds": 1.0, "flops": 1e9, **held, **more}


@pytest.mark.parametrize("method", METHODS)
def test_every_method_is_a_config_of_one_epoch_of_all_layers(method):
    config = Case(method, 3, hidden=50, batch=100, data="digits").config()
    assert config.depth in (3, 4)  # backprop's classes are read by a layer's own output, or by one more
    assert (config.schedule.kind, config.schedule.epochs, config.schedule.batch_size) == ("joint", 1, 100)


def test_the_usual_backprop_takes_its_batch_whole_and_streamed_layers_wait():
    kinds = {method: Case(method, 2, data="digits").config() for method in METHODS}
    assert {m for m, c in kinds.items() if getattr(c.memory, "batch", "") == "whole"} == {
        "backprop", "backprop-checkpointed"
    }  # fmt: skip
    assert {m for m, c in kinds.items() if c.memory.kind == "streamed"} == {"ff-streamed"}
    assert {m for m, c in kinds.items() if getattr(c.scope, "recompute", False)} == {"backprop-checkpointed"}
    assert set(DEFAULT) == set(METHODS)


@pytest.mark.parametrize("method", ["ff", "ff-streamed"])
def test_backprop_in_the_same_pieces_is_the_twin_of_what_goes_in_pieces(method):
    twin = Case(method, 2, data="digits").config().twin()
    rival = Case("backprop-pieces", 2, data="digits").config()
    assert twin.model_copy(update={"name": rival.name}) == rival


PEAKS = {("ff", 12): 787e6, ("ff-streamed", 12): 117e6, ("backprop", 12): 1413e6, ("backprop-pieces", 12): 840e6}
HEAD = (
    "At 12 layers “FF, all layers in memory” takes 626 MB less than “backprop, a batch at once” "
    "(787 MB against 1,413 MB)"
)
PIECES = "573 MB (92 %) from going through a batch in pieces, which backprop can do too"
WORDS = f"{HEAD}: {PIECES}; 53 MB (8 %) from layers that learn alone."


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, WORDS),
        ({("backprop", 22): 9e9, ("ff", 22): 1e9}, WORDS),  # of the deepest where all three are known
        ({("backprop-pieces", 12): None}, f"{HEAD}. How much of that comes from pieces of a batch is not known"),
        ({("backprop-pieces", 12): 780e6}, "all of it from going through a batch in pieces, which backprop can do too; "
                                           "nothing from layers that learn alone."),
        ({("ff", 12): 1500e6}, "takes no less than “backprop, a batch at once” (1,500 MB against 1,413 MB)."),
        ({("backprop", 12): None}, ""),
    ],
)  # fmt: skip
def test_a_saving_says_which_part_is_pieces_and_which_is_locality(changed, said):
    peaks = {case: peak for case, peak in (PEAKS | changed).items() if peak is not None}
    alone = [text for text in saving.sentences(peaks) if "all layers in memory" in text.split("takes")[0]]
    assert said in "".join(alone)
    assert bool(alone) is bool(said)


def test_what_waits_in_files_is_told_from_what_learns_alone():
    _, streamed = saving.sentences(PEAKS)
    assert "takes 1,296 MB less" in streamed
    assert streamed.endswith("53 MB (4 %) from layers that learn alone; 670 MB (52 %) from layers that wait in files.")
    (both,) = saving.sentences({case: peak for case, peak in PEAKS.items() if case[0] != "ff"})
    assert both.endswith("723 MB (56 %) from layers that learn alone and wait in files.")
    _, on_gpu = saving.sentences(PEAKS, on_gpu=True)
    assert on_gpu.endswith("Part of that comes from smaller pieces of a batch; how much was not measured on a GPU.")


def test_the_command_says_what_a_saving_comes_from(tmp_path, monkeypatch, capsys):
    peaks = {"ff": 2e6, "backprop": 9e6, "backprop-pieces": 4e6}
    monkeypatch.setattr(study, "_measured", lambda case: row(rss=peaks[case.method], **case.as_dict()))
    arguments = ["profile-memory", *SMALL, "--methods", ",".join(peaks), "--out", str(tmp_path)]
    (tmp_path / "memory.json").write_text(json.dumps([row("ff", 40, rss=1e9), row("backprop", 40, rss=9e9)]))
    assert main(arguments) == 0
    said = capsys.readouterr()
    whole = "5 MB (71 %) from going through a batch in pieces, which backprop can do too; 2 MB (29 %) from layers that "
    assert f"{whole}learn alone." in said.out
    assert "3 cases, about 1 minute on one core" in said.err
    page = (tmp_path / "memory.html").read_text()
    assert whole in page
    assert "40 layers" not in page  # measured otherwise
    assert "dashdot" in page


def test_the_study_as_it_comes_is_one_that_a_person_would_wait_for(tmp_path, monkeypatch, capsys):
    asked = []
    monkeypatch.setattr(study, "study", lambda cases, path: asked.extend(cases) or [])
    assert main(["profile-memory", "--data=digits", "--out", str(tmp_path)]) == 0  # digits are fewer than it takes
    assert {case.images for case in asked} == {1437}
    assert main(["profile-memory", "--data=digits", "--images=all", "--out", str(tmp_path)]) == 0
    assert asked[-1].images is None
    assert {case.method for case in asked} == set(METHODS)
    configs = [Case(method, layers, images=IMAGES).config() for method in DEFAULT for layers in DEPTHS]
    assert sum(estimate(config, describe("mnist")).seconds for config in configs) < 1000  # on one core


@pytest.mark.slow  # processes that measure themselves
def test_the_command_measures_keeps_and_shows(tmp_path, capsys):
    arguments = ["profile-memory", *SMALL, "--methods=ff-streamed", "--out", str(tmp_path)]
    assert main(arguments) == 0
    (found,) = study.read(tmp_path / "memory.json")
    assert found["method"] == "ff-streamed"
    assert 0 < found["parts"]["weights"] < found["rise"]["rss"] < 1e9
    assert found["rise"]["anonymous"] > 0
    assert found["seconds"] > 0
    assert "FF, one layer in memory" in (tmp_path / "memory.html").read_text()
    said = capsys.readouterr().out
    assert main(arguments) == 0
    assert capsys.readouterr().out == said.replace(" s\n", " s, was there\n")


def test_a_runs_rise_holds_what_training_took_and_not_what_evaluating_did(tmp_path, monkeypatch):
    learn, judge, draw = loop.learn, report.judge_test, result.draw

    def hungry(megabytes, function):
        def eating(*args):
            assert np.ones(megabytes * MB, np.uint8).all()
            return function(*args)

        return eating

    tiny.train(tiny.config(), tmp_path / "plain")
    monkeypatch.setattr(loop, "learn", hungry(100, learn))
    monkeypatch.setattr(report, "judge_test", hungry(200, judge))
    monkeypatch.setattr(result, "draw", hungry(200, draw))
    tiny.train(tiny.config(), tmp_path / "hungry")
    plain, hungry_run = (rises(tmp_path / name) for name in ("plain", "hungry"))
    if not plain:
        pytest.skip("this kernel does not let a process reset its peak")
    assert max(plain) < 20 * MB
    assert hungry_run == sorted(hungry_run)
    peak = json.loads((tmp_path / "hungry" / "result.json").read_bytes())["peak"]
    for rise in (hungry_run[-1], peak["rise"]):
        assert 95 * MB < rise < 105 * MB + max(plain)
    assert peak["rss"] > 200 * MB + peak["rise"]


def rises(folder):
    events = read_events(folder / "events.jsonl")[0]
    values = [event["values"] for event in events if event["kind"] == "metrics"]
    return [found["memory/rise"] for found in values if "memory/rise" in found]


def test_what_was_measured_is_not_measured_again_and_what_failed_is(tmp_path, monkeypatch):
    cases = [Case("ff", layers) for layers in (2, 7)]
    path = tmp_path / "memory.json"
    path.write_text(json.dumps([row(), {**Case("ff", 7).as_dict(), "failed": "no room"}]))
    monkeypatch.setattr(study, "_measured", lambda case: row(case.method, case.layers))
    assert [(found["layers"], known) for found, known in study.study(cases, path)] == [(2, True), (7, False)]
    assert not any("failed" in kept for kept in study.read(path))


def test_the_plot_says_what_each_part_takes(tmp_path):
    plot.write([row(), row(layers=7, rss=9e6), {**Case("backprop", 2).as_dict(), "failed": "no room"}], tmp_path / "p")
    page = (tmp_path / "p").read_text()
    assert "7 layers: 9 MB" in page
    assert "activities 2 MB" in page
    assert "batches of 5,000, layers of 2,000" in page


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--methods=nonsense"], 2, "there is no method 'nonsense'; there are ff, ff-streamed"),
        (["--layers=0"], 2, "'0' is no number from 1 up"),
        (["--data=nonsense"], 2, "data.name"),
    ],
)
def test_wrong_usage(tmp_path, capsys, arguments, status, said):
    try:
        found = main(["profile-memory", *arguments, "--out", str(tmp_path)])
    except SystemExit as end:
        found = end.code
    assert found == status
    assert said in capsys.readouterr().err
