"""A step asks the device for no number: on a GPU Python would wait there until all work before it is done."""

from __future__ import annotations

from itertools import islice

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from benchmarks import product
from tests.trainer import tiny
from tests.trainer.test_fifty_steps import RULES
from trainer import gauges, loop
from trainer.data import load

ASKS = {"_local_scalar_dense", "nonzero", "equal", "masked_select", "unique_dim", "_unique2", "lift_fresh"}
"""Operations whose result, or its size, Python has to know; or that bring numbers from Python, as torch.tensor does."""
WITH_HEADS = {
    "backprop": tiny.BACKPROP,
    "softmax head": {"readout.kind": "softmax"},
    "judged by the head": {"readout.kind": "softmax", "competitors": {"kind": "hard_wrong_label", "from": "head"}},
    "recurrent": {"architecture.kind": "recurrent", "label_code.kind": "top"},
    "hybrid images": {"preset": "ff-unsupervised-digits"},
    "shifted images": {"data.augment": "shift"},
}


def flat(args):
    """Arguments, and those in lists."""
    return [part for arg in args for part in (arg if isinstance(arg, list | tuple) else [arg])]


class Asked(TorchDispatchMode):
    """Notes what asks."""

    def __init__(self):
        super().__init__()
        self.by = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = func.__name__.partition(".")[0]
        masks = name.startswith("index") and any(getattr(part, "dtype", None) == torch.bool for part in flat(args[1:]))
        if name in ASKS or masks:
            self.by.append(name)
        return func(*args, **(kwargs or {}))


def test_asking_is_noticed():
    with Asked() as asked:
        float(torch.ones(3).sum())
        torch.ones(3)[torch.ones(3) > 0]
        torch.tensor([1.0])
    assert asked.by == ["_local_scalar_dense", "index", "lift_fresh"]


@pytest.mark.parametrize("rule", RULES | WITH_HEADS)
def test_a_step_waits_for_nothing(rule, tmp_path, monkeypatch):
    monkeypatch.setattr(gauges, "KEPT", 40)  # as in a net that is so deep that readings are counted within the step
    config = tiny.config((RULES | WITH_HEADS)[rule])
    run = product.begun(config, load(config.data, "cpu", config.seed), tmp_path, watched=True)
    for step in islice(run.plan.after(0), 3):
        if step.opens_phase:
            loop.open_phase(run, step)
        run.clock.start()
        with Asked() as asked:
            loop.learn(run, step, run.batches.draw(step, run.rng))
        run.advance(step)
        assert step.number == 1 or not asked.by  # the first draws what is drawn once
