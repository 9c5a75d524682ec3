"""The harness of `make bench`: what a row means, and what is stored."""

from __future__ import annotations

import importlib
import re
from collections import Counter

import orjson
import pytest
import torch

from benchmarks import __main__ as bench
from benchmarks import floor, gpu, harness, memory, nebuly, training
from benchmarks.harness import Row
from benchmarks.turns import Cost
from tests.trainer import tiny
from tests.waiting import PATIENCE
from trainer import onednn
from trainer.data import load
from trainer.profiling import study
from trainer.update.compiled import as_written


@pytest.mark.parametrize(
    ("measured", "bar", "better", "holds"),
    [(1, 2, "down", True), (2, 2, "down", True), (3, 2, "down", False), (1, 2, "up", False), (2, 2, "up", True)],
)
def test_a_row_holds_at_its_bar(measured, bar, better, holds):
    assert Row("work", measured, bar, "s", better).holds is holds


def test_rows_are_stored_with_the_machine(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(harness, "OUT", tmp_path)
    rows = [Row("fast", 1.0, 2.0, "ms"), Row("slow", 3.0, 2.0, "ms")]
    assert harness.run("two", lambda: rows) is False
    assert harness.run("one", lambda: rows[:1]) is True
    stored = orjson.loads((tmp_path / "two.json").read_bytes())
    assert stored["rows"][1] == {
        "work": "slow", "measured": 3.0, "bar": 2.0, "unit": "ms", "better": "down", "floor": None, "beside": None,
        "judged": True, "note": "", "holds": False,
    }  # fmt: skip
    assert {"cpu", "cores", "memory_bytes", "system", "python"} <= stored["machine"].keys()
    printed = capsys.readouterr().out
    assert "MISSED" in printed
    assert "≤ 2 ms" in printed


@pytest.mark.parametrize("name", bench.MODULES)
def test_every_benchmark_has_rows(name):
    assert callable(importlib.import_module(f"benchmarks.{name}").rows)


def test_an_unknown_benchmark_is_named(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["benchmarks", "speeed"])
    with pytest.raises(SystemExit):
        bench.main()
    assert "no benchmark 'speeed'" in capsys.readouterr().err


SECONDS = {"float32": 2.0, "bf16": 1.25, "bare-float32": 1.0, "bare-bf16": 0.5, "usual": 4.0}


def _turns(monkeypatch, flags, **changed):
    """Works that take SECONDS of CPU time, on a processor with these flags."""
    seconds = SECONDS | {name.replace("_", "-"): value for name, value in changed.items()}

    def costs(module, *works, product):
        assert [work.partition("/")[2] == "usual" for work in works] == [n >= product for n in range(len(works))]
        return [[Cost(seconds[work.partition("/")[2]], 100, "oneDNN")] * 3 for work in works]

    monkeypatch.setattr(training, "costs", costs)
    monkeypatch.setattr(harness, "cpu_flags", lambda: flags)
    return training._shares("small-step", {"float32": 45, "bf16": 25}, peak=0.5)


def test_speed_is_a_share_of_the_floor_with_the_script_beside_it(monkeypatch):
    plain, half, peak = _turns(monkeypatch, {"avx512_bf16"})
    assert (plain.measured, plain.floor, plain.beside, plain.note, plain.holds) == (50, 1.0, 2.0, "oneDNN", True)
    assert (half.measured, half.floor, half.beside, half.judged) == (40, 0.5, 3.2, True)
    assert (peak.measured, peak.holds) == (1, False)
    shown = harness.table("training", [plain, half, peak])
    assert re.search(r"small-step/bf16 +40 % of the floor +≥ 25 % of the floor +ok +0.5 s +3.2 × +oneDNN", shown)
    assert not _turns(monkeypatch, {"avx512_bf16"}, float32=2.5)[0].holds


def test_a_bar_that_means_nothing_on_a_processor_is_not_judged_and_says_why(monkeypatch):
    plain, half, _ = _turns(monkeypatch, {"amx_bf16"}, bare_bf16=0.2)
    assert (half.measured, half.holds) == (16, True)
    assert half.note == "products 5.0 times as fast as in float32, by oneDNN: the bar was set where they are 2"
    assert "not judged" in harness.table("training", [half])
    assert plain.judged
    plain, half, _ = _turns(monkeypatch, set())
    assert (plain.measured, half.measured, half.holds) == (50, None, True)
    assert "not measured" in harness.table("training", [half])
    assert "this processor has no instructions for it" in harness.table("training", [half])


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_floor_is_the_products_alone_by_the_fastest_library(dtype, monkeypatch):
    small = {"sweep": [(2, 8, 6, 4)]}
    monkeypatch.setattr(floor, "FORWARD", small)
    monkeypatch.setattr(floor, "GRADIENTS", small)
    done = Counter()

    def way(name, seconds):
        return lambda: (done.update([name]), clock.append(seconds))

    clock = []
    monkeypatch.setattr(floor.time, "process_time", lambda: sum(clock))
    act = floor._all([(3, {"MKL": way("MKL", 2), "oneDNN, turned": way("oneDNN", 1)}), (2, {"MKL": way("other", 1)})])
    done.clear()
    assert act() == "MKL and oneDNN"
    assert done == {"oneDNN": 3, "other": 2}
    assert floor.products("sweep", dtype)()


@pytest.mark.parametrize("shape", [(8, 6, 4), (300, 100, 50)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_every_way_of_a_floor_is_the_same_product(shape, dtype):
    for ways in (floor._forward(shape, dtype), floor._gradient(shape, dtype)):
        first, *others = (way().float() for way in ways.values())
        assert others or not onednn.THERE
        for other in others:
            assert torch.allclose(first, other, rtol=0.02, atol=0.02 * float(first.abs().max()))


def test_microseconds_counts_one_call():
    assert 0 < harness.microseconds(lambda: None, times=100) < 1e6 * PATIENCE


def test_a_machine_without_a_gpu_has_no_figures_of_one(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    rows = gpu.rows()
    assert [row.measured for row in rows] == [None] * 3
    assert all(row.holds for row in rows)


def test_what_is_measured_on_a_gpu_runs(monkeypatch):
    """On the CPU and small, as no GPU is at hand: what it measures means nothing."""
    for name, value in {"WIDTH": 16, "DEPTH": 2, "BATCH": 120, "STEPS": 1, "TURNS": 1}.items():
        monkeypatch.setattr(gpu, name, value)
    monkeypatch.setattr("trainer.session.Compiler", lambda say: as_written)
    assert all(share > 0 for share in gpu.measure(torch.device("cpu")))


PEAKS = {
    ("ff-streamed", 2): 100, ("ff-streamed", 7): 100, ("ff-streamed", 47): 100.5, ("ff", 2): 200, ("ff", 7): 600,
    ("ff", 47): 3000, ("backprop", 2): 300, ("backprop", 7): 700, ("backprop-pieces", 7): 500,
    ("backprop-checkpointed", 7): 600,
    ("nebuly", 2): 800, ("nebuly", 7): 1200, ("nebuly", 47): 3000,
}  # fmt: skip


def test_bars_of_memory_are_ratios_of_peaks(monkeypatch):
    def alone(module, case, datasets):
        rise = {"rss": 1e6 * PEAKS[case["method"], case["layers"]], "anonymous": 0.0}
        return case | {"rise": rise, "cpu_seconds": 2.2 if case["method"] == "ff-streamed" else 2.0}

    monkeypatch.setattr(study, "alone", alone)
    found = {row.work: (round(row.measured, 3), row.holds) for row in memory.rows()}
    assert found == {
        "streamed/rise": (0.5, True),
        "streamed/2-layers-to-backprop": (0.333, True),
        "streamed/7-layers-to-backprop": (0.143, True),
        "streamed/7-layers-to-backprop-in-pieces": (0.2, True),
        "resident/7-layers-to-backprop-in-pieces": (1.2, True),
        "streamed/7-layers-to-checkpointed": (0.167, True),
        "streamed/time": (1.1, True),
        "resident/2-layers-to-nebuly": (0.25, True),
        "resident/7-layers-to-nebuly": (0.5, True),
        "resident/47-layers-to-nebuly": (1.0, False),
    }


def test_nebulys_scheme_learns_and_keeps_what_it_is_said_to_keep():
    torch.manual_seed(0)
    data = load(tiny.config().data, "cpu", 0)
    x, y = data.x_train.flatten(1), data.y_train
    layers = nebuly.net(x.shape[1], 64, 2)
    for _ in range(150):
        nebuly.train(layers, x, y, 50, lambda: None)
    positive, negative = layers[0](nebuly.rows_of(x, y)).pow(2).mean(1).chunk(2)
    assert (positive > negative).float().mean() > 0.9
    for layer in layers:
        assert layer.linear.weight.grad is not None
        assert {"exp_avg", "exp_avg_sq"} <= layer.optimiser.state[layer.linear.weight].keys()
