"""Backprop that computes layers again on the way back: the same weights from less memory."""

from __future__ import annotations

from weakref import ref

import pytest

from tests.trainer import tiny
from trainer.errors import ConfigError
from trainer.update import autograd

DEEP = {**tiny.BACKPROP, "architecture.hidden": [16, 14, 12, 15, 13], "regulariser.dropout": 0.2}


@pytest.mark.parametrize("losses", ["last", "all"])
def test_weights_are_the_same_bit_for_bit(tmp_path, losses):
    runs = [
        tiny.train(tiny.config({**DEEP, "scope.losses": losses, "scope.recompute": again}), tmp_path / str(again))
        for again in (False, True)
    ]
    assert tiny.same(*runs)
    plain, again = (tiny.points(tmp_path / str(again)) for again in (False, True))
    assert [point[-1] for point in plain] == [point[-1] for point in again]
    assert plain[-1][3] < again[-1][3]  # flops


def test_a_norm_that_remembers_is_refused():
    with pytest.raises(ConfigError, match="batch norm would count the rows twice") as refused:
        tiny.config({**DEEP, "scope.recompute": True, "normalisation.handover.kind": "batch"})
    assert refused.value.field == "scope.recompute"


@pytest.mark.parametrize(("again", "alive"), [(False, 6), (True, 3)])
def test_only_one_runs_graphs_are_alive_at_a_time(tmp_path, monkeypatch, again, alive):
    config = tiny.config({**tiny.BACKPROP, "architecture.hidden": [12] * 6, "scope.recompute": again})
    passed, made, counts = autograd._pass, [], []

    def counted(*args, **more):
        graph, reading = passed(*args, **more)
        made.append(ref(graph))
        counts.append(sum(one.h.grad_fn is not None for found in made if (one := found())))
        return graph, reading

    monkeypatch.setattr(autograd, "_pass", counted)
    tiny.train(config, tmp_path)
    assert max(counts) == alive
