"""How many images go through a net at once: by its shape and the kind of device alone."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trainer import tiny
from trainer.axes.memory import Resident, Streamed
from trainer.blocks.conv import Conv
from trainer.blocks.dense import Dense
from trainer.data.catalogue import facts
from trainer.estimate import estimate
from trainer.pieces import LARGEST, SMALLEST, images_at_once


def dense(*widths):
    return [Dense((inputs,), (outputs,)) for inputs, outputs in pairwise(widths)]


@given(st.lists(st.integers(1, 1 << 15), min_size=2, max_size=6), st.booleans())
def test_wide_layers_take_fewer_and_a_gpu_no_fewer(widths, streamed):
    memory, net = Streamed() if streamed else Resident(), dense(*widths)
    cpu, gpu = images_at_once(memory, net), images_at_once(memory, net, on_gpu=True)
    assert SMALLEST <= cpu <= LARGEST
    assert cpu <= gpu
    assert images_at_once(memory, dense(*widths, 2 * max(widths))) <= cpu
    assert gpu == cpu or not streamed


def test_a_gpu_takes_a_wide_batch_in_one_go():
    assert images_at_once(Resident(), dense(784, 2000, 2000)) == 262
    assert images_at_once(Resident(), dense(784, 2000, 2000), on_gpu=True) == 8388


@pytest.mark.parametrize("on_gpu", [False, True])
def test_maps_go_in_equal_pieces_everywhere(on_gpu):
    net = [Conv((3, 8, 8), (16, 8, 8), kernel=3)]
    assert images_at_once(Resident(), net, on_gpu=on_gpu) == LARGEST


ACROSS = {
    "batch norm": {"normalisation.handover.kind": "batch"},
    "peers": {"regulariser.peer": 0.03},
    "terms": {
        "preset": "mono-forward-digits",
        "objective.terms": [{"kind": "similarity"}],
    },
}


@pytest.mark.parametrize("rule", ACROSS)
@pytest.mark.parametrize("memory", ["resident", "streamed"])
def test_what_looks_across_the_images_of_a_batch_takes_it_whole(rule, memory):
    config = tiny.config({**ACROSS[rule], "memory.kind": memory})
    plain = tiny.config({"memory.kind": memory})
    net = [Conv((3, 8, 8), (16, 8, 8), kernel=3)]
    for on_gpu in (False, True):
        assert images_at_once(config.memory, net, across=config.across, on_gpu=on_gpu) > 10_000_000
        assert images_at_once(plain.memory, net, across=plain.across, on_gpu=on_gpu) == LARGEST


def test_a_batch_that_goes_whole_is_estimated_so():
    changes = {"data.train_size": 1200, "schedule.batch_size": 1200, "architecture.hidden": [2000, 2000]}
    pieces, whole = (
        estimate(config, facts(config.data)).memory["activations"]
        for config in (tiny.config(changes), tiny.config({**changes, "normalisation.handover.kind": "batch"}))
    )
    assert whole > 3 * pieces
