"""The estimate against what is really built and computed."""

from __future__ import annotations

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from trainer import config, estimate
from trainer.arithmetic import phase_flops, reading_flops
from trainer.data import catalogue
from trainer.nets.net import build
from trainer.presets import PRESETS
from trainer.update import autograd, closed_form
from trainer.update.reading import QUIET, Task

BACKPROP = {
    "label_code.kind": "none",
    "competitors.kind": "classes",
    "goodness.kind": "projection",
    "objective.kind": "cross_entropy",
    "normalisation.handover.kind": "none",
    "scope.kind": "whole",
    "readout.kind": "last",
}
MONO = BACKPROP | {"scope.kind": "layer", "readout.kind": "sum"}
POINTS = {
    "overlay": {},
    "concat": {"label_code.kind": "concat"},
    "greedy": {"schedule.kind": "greedy"},
    "three layers": {"architecture.hidden": [30, 20, 10]},
    "frozen": {"layers": [{"span": "1", "frozen": True}]},
    "sgd": {"optimiser.kind": "sgd"},
    "sgd without momentum": {"optimiser.kind": "sgd", "optimiser.momentum": 0},
    "mono-forward": MONO,
    "mono-forward, frozen projections": MONO | {"goodness.trained": False, "goodness.start": "normal"},
    "mono-forward with biases": MONO | {"goodness.bias": True},
    "backprop": BACKPROP,
    "a frozen first layer under backprop": BACKPROP | {"layers": [{"span": "1", "frozen": True}]},
    "deep supervision": BACKPROP | {"scope.losses": "all"},
    "overlapping pairs": {"scope.kind": "pair", "architecture.hidden": [50, 40, 30]},
    "blocks": BACKPROP | {"scope.kind": "block", "architecture.hidden": [50, 40, 30]},
}


def addmm_in_place(total, a, b, out_shape=None, **kwargs) -> int:
    """torch counts addmm, but not addmm_."""
    return 2 * a[0] * a[1] * b[1]


IN_PLACE = {torch.ops.aten.addmm_: addmm_in_place}


@pytest.fixture(params=POINTS)
def point(request):
    parsed = config.parse(config.compose(changes={"architecture.hidden": [50, 40]} | POINTS[request.param]))
    return parsed, catalogue.describe("digits")


def net_of(parsed, info):
    return build(parsed, info.shape, info.classes, 1.0, torch.Generator().manual_seed(0))


def test_parameters_are_those_of_the_net(point):
    parsed, info = point
    built, guessed = net_of(parsed, info), estimate.estimate(parsed, info)
    assert [layer.parameters for layer in guessed.layers] == [layer.parameters for layer in built.layers]
    assert guessed.parameters == sum(layer.parameters for layer in built.layers)
    assert [(layer.index, layer.name) for layer in guessed.layers] == [
        (number, layer.name) for number, layer in enumerate(built.layers, 1)
    ]


def test_bytes_are_those_of_the_buffers(point):
    parsed, info = point
    built, guessed = net_of(parsed, info), estimate.estimate(parsed, info)
    assert guessed.memory["weights"] == sum(t.nbytes for layer in built.layers for t in layer.values.values())
    phases = []
    for phase in parsed.phases():
        layers = [built.layers[index] for index in phase.layers]
        for layer in layers:
            layer.wake()
        state = sum(t.nbytes for layer in layers for t in layer.state.values() if t.ndim)
        phases.append((sum(layer.buffer.grad.nbytes for layer in layers), state))
    assert (guessed.memory["gradients"], guessed.memory["optimiser"]) == max(phases, key=sum)


def counted(parsed, info, images=64) -> int:
    """Flops of the matrix products of one step of the schedule's last phase, as torch counts them."""
    net, rng = net_of(parsed, info), torch.Generator().manual_seed(1)
    x, y = torch.rand(images, 64), torch.randint(10, (images,), generator=rng)
    learning = parsed.phases()[-1].layers
    for index in learning:
        net.layers[index].wake()
    task = Task(parsed.competitors, y, images)
    if parsed.label_code.carries_label:
        rows = net.coder.labelled(x, torch.stack([y, (y + 1) % 10]))
    else:
        rows = net.coder.plain(x)
    with FlopCounterMode(display=False, custom_mapping=IN_PLACE) as counter:
        if parsed.scope.local:
            climb(net, rows, task, learning)
        else:
            reach = [parsed.reach(index) for index in learning]
            list(autograd.spans(net.layers, reach, rows, task, noises=[QUIET] * len(reach)))
    return counter.get_total_flops()


def climb(net, rows, task, learning) -> None:
    for layer in net.layers:
        if layer.index not in learning:
            rows = layer.hand_over(rows, layer.activity(rows))
            continue
        reading, backward = closed_form.forward(layer, rows, task)
        backward()
        rows = layer.hand_over(rows, reading.h)


def test_flops_are_those_of_the_products(point):
    parsed, info = point
    images = 64
    phase = parsed.phases()[-1]
    assert images * phase_flops(parsed, info, phase) == pytest.approx(counted(parsed, info, images), rel=0.05)


def test_a_sweep_counts_every_label_but_shares_the_first_product():
    parsed = config.parse(config.compose(changes={"architecture.hidden": [50, 40]}))
    info = catalogue.describe("digits")
    assert reading_flops(parsed, info) == 2 * 54 * 50 + 2 * 10 * 50 + 10 * 2 * 50 * 40


@pytest.mark.parametrize("source", ["first", "all"])
def test_hard_negatives_cost_the_readings_they_are_drawn_by(source):
    changes = {"architecture.hidden": [50, 40], "competitors.kind": "hard_wrong_label", "competitors.from": source}
    info = catalogue.describe("digits")
    easy, hard = (config.parse(config.compose(changes=c)) for c in ({"architecture.hidden": [50, 40]}, changes))
    extra = estimate.estimate(hard, info).flops_per_image - estimate.estimate(easy, info).flops_per_image
    assert extra == 2 * 54 * 50 + 2 * 10 * 50 + (10 * 2 * 50 * 40 if source == "all" else 0)


def test_greedy_steps_and_flops_add_up_over_its_phases():
    changes = {"schedule.kind": "greedy", "schedule.epochs": 3, "schedule.batch_size": 100}
    parsed = config.parse(config.compose(changes=changes))
    info = catalogue.describe("digits")
    total = estimate.estimate(parsed, info)
    assert total.steps == 2 * 3 * 15
    one, two = (phase_flops(parsed, info, phase) for phase in parsed.phases())
    assert total.total_flops == 3 * 1437 * (one + two)
    assert total.flops_per_image == (one + two) // 2


@pytest.mark.usefixtures("subset")
@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_and_its_twin_can_be_estimated(name):
    parsed = config.parse(config.compose(name))
    info = catalogue.describe(parsed.data.name)
    for run in (parsed, parsed.twin()):
        guessed = estimate.estimate(run, info)
        assert estimate.problems(run, info) == []
        assert guessed.memory_bytes >= sum(guessed.memory.values())
        assert min(guessed.steps, guessed.seconds, guessed.total_flops) > 0
        assert guessed.rate


def test_more_images_than_there_are_is_a_problem_not_a_crash():
    parsed = config.parse(config.compose(changes={"data.train_size": 1438, "data.test_size": 400}))
    info = catalogue.describe("digits")
    assert [problem["loc"] for problem in estimate.problems(parsed, info)] == ["data.train_size", "data.test_size"]
    assert estimate.estimate(parsed, info).steps == 60 * 23


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"data.name": "svhn"}, "SVHN is downloaded first: 246 MB."),
        ({"goodness.reduce": "sum", "objective.kind": "threshold"}, "θ = 2 is far below its width 500"),
        ({"objective.kind": "threshold", "objective.theta": 500}, "θ = 500 is far above"),
        ({"readout.layers": "skip_first"}, "a readout without the first"),
        ({"data.name": "cifar100"}, "hides 100 numbers"),
        ({"schedule.batch_size": 2000}, "The batch of 2,000 is more than 1,437 training images"),
        ({"data.test_size": 50}, "one mistake is 2 % of accuracy"),
    ],
)
def test_advice(changes, sentence):
    parsed = config.parse(config.compose(changes=changes))
    given = estimate.warnings(parsed, catalogue.describe(parsed.data.name, []))
    assert any(sentence in text for text in given)


def test_the_default_needs_no_advice():
    assert estimate.warnings(config.parse({}), catalogue.describe("digits")) == []
