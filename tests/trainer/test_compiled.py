"""Compiled steps: they end where steps as written do, and a run that cannot be compiled goes on."""

from __future__ import annotations

import shutil

import pytest
import torch

from tests.trainer import tiny
from tests.trainer.test_fifty_steps import CONV, FF, ROUNDING, RULES, after, apart, run
from trainer.update.compiled import Compiler

WHOLE = RULES | {
    "backprop": tiny.BACKPROP,
    "computed again": {"preset": "backprop-digits", "scope.recompute": True},
    "overlapping pairs": CONV
    | {"label_code.kind": "pattern", "architecture.channels": "8, 8, 8p", "scope.kind": "pair",
       "schedule.kind": "alternating", "schedule.epochs": 2, "normalisation.handover.kind": "batch"},
    "attention": {"preset": "ff-attention-mnist", "data.name": "digits", "architecture.kind": "transformer",
                  "architecture.patch": 2},
    "softmax head": FF | {"readout.kind": "softmax"},
    "recurrent": {"architecture.kind": "recurrent", "label_code.kind": "top"},
    "regions": CONV | {"label_code.kind": "pattern", "goodness.regions": 2},
    "mean and rms pools": CONV | {"label_code.kind": "pattern", "architecture.channels": "8a, 8r"},
    "bfloat16": FF | {"precision.kind": "bfloat16"},
    "streamed": FF | {"memory.kind": "streamed"},
}  # fmt: skip
WHOLE.pop("class groups")


@pytest.fixture(autouse=True)
def _forgotten():
    """PyTorch keeps what it has compiled for the whole process."""
    torch._dynamo.reset()
    torch._dynamo.utils.counters.clear()
    yield
    torch._dynamo.reset()


def compiled(folder, changes, backend):
    """A run whose steps are compiled, and what its compiler says."""
    session, said = run(folder, changes), []
    session.make = Compiler(said.append, backend)
    return session, said


@pytest.mark.parametrize("rule", WHOLE)
def test_every_kind_of_step_is_taken_whole(rule, tmp_path):
    """By the compiler's front alone: what it understood is run operation by operation."""
    session, said = compiled(tmp_path / "compiled", WHOLE[rule], "aot_eager")
    found, wanted = after(session, 5), after(run(tmp_path / "written", WHOLE[rule]), 5)
    assert not said
    assert all(torch.equal(a, b) for a, b in zip(found, wanted, strict=True))


def test_layers_of_one_form_are_compiled_once(tmp_path):
    session, _ = compiled(tmp_path, FF | {"architecture.hidden": [16] * 12}, "aot_eager")
    after(session, 2)
    # two functions, for the first layer and for the others
    assert torch._dynamo.utils.counters["stats"]["unique_graphs"] == 4


def test_what_is_not_understood_runs_as_written_and_is_named_once(tmp_path):
    session, said = compiled(tmp_path / "compiled", RULES["class groups"], "aot_eager")
    found = after(session, 5)
    assert [line.split(" (")[0] for line in said] == [
        f"not compiled but run as written: {name}" for name in ("read", "learn")
    ]
    wanted = after(run(tmp_path / "written", RULES["class groups"]), 5)
    assert all(torch.equal(a, b) for a, b in zip(found, wanted, strict=True))


@pytest.mark.skipif(not shutil.which("g++"), reason="this machine has no C++ compiler")
@pytest.mark.parametrize("rule", ["swish", "backprop"])
def test_machine_code_ends_there_but_for_rounding(rule, tmp_path):
    session, said = compiled(tmp_path / "compiled", WHOLE[rule], "inductor")
    for found, wanted in zip(after(session), after(run(tmp_path / "written", WHOLE[rule])), strict=True):
        assert apart(found, wanted) < ROUNDING
    assert not said


@pytest.mark.parametrize("start", [{}, tiny.BACKPROP], ids=["ff", "backprop"])
def test_a_machine_without_a_compiler_goes_on_without(start, tmp_path):
    from torch._inductor import config

    changes = start | {"schedule.epochs": 1}
    with config.patch({"cpp.cxx": (None, str(tmp_path / "nowhere")), "force_disable_caches": True}):
        found = tiny.train(tiny.config(changes | {"compile": True}), tmp_path / "compiled")
    wanted = tiny.train(tiny.config(changes), tmp_path / "written")
    assert all(torch.equal(a["flat"], b["flat"]) for a, b in zip(found["layers"], wanted["layers"], strict=True))
    said = [event["text"] for event in tiny.events(tmp_path / "compiled", "log") if "not compiled" in event["text"]]
    assert len(said) == 2
    assert all("No working C++ compiler" in text for text in said)
