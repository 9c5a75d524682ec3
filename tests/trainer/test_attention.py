"""The transformer whose blocks learn by themselves, against torch's own layer, and what it learns."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from tests.trainer import tiny
from trainer import estimate
from trainer.arithmetic import phase_flops, reading_flops
from trainer.axes.activation import Relu
from trainer.axes.competitors import Classes, WrongLabel
from trainer.axes.precision import Float32
from trainer.blocks.attention import Attention
from trainer.blocks.forms import Patches
from trainer.config import compose, parse
from trainer.controls import CONTROLS
from trainer.data import catalogue
from trainer.errors import ConfigError
from trainer.nets.layer import under
from trainer.nets.net import build
from trainer.update import autograd
from trainer.update.reading import Task

NET = {
    "architecture.kind": "transformer",
    "architecture.patch": 2,
    "architecture.width": 24,
    "architecture.depth": 2,
    "architecture.heads": 3,
    "normalisation.handover.kind": "layer",
}
CANDIDATES = NET | {"label_code.kind": "channel"}
CLASS_ROWS = NET | {
    "label_code.kind": "none",
    "competitors.kind": "classes",
    "goodness.kind": "projection",
    "goodness.pool": 1,
    "goodness.start": "normal",
    "objective.kind": "cross_entropy",
    "readout.kind": "sum",
}
FORMS = pytest.mark.parametrize("changes", [CANDIDATES, CLASS_ROWS], ids=["label token", "class rows"])
IMAGES = 6


@pytest.fixture
def float64():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def net_of(changes):
    net = build(parse(compose(changes=changes)), (8, 8, 1), 10, 1.0, torch.Generator().manual_seed(0))
    for layer in net.layers:
        layer.wake()
    return net


def batch(net):
    """Rows and task of a few images."""
    rng = torch.Generator().manual_seed(1)
    x, y = torch.rand(IMAGES, 64, generator=rng), torch.randint(10, (IMAGES,), generator=rng)
    if net.coder.code.carries_label:
        return net.coder.labelled(x, torch.stack([y, (y + 1) % 10])), Task(WrongLabel(), y, IMAGES)
    return net.coder.plain(x), Task(Classes(), y, IMAGES)


def plain_layer(width: int, heads: int, ratio: int, w) -> torch.nn.TransformerEncoderLayer:
    """torch's pre-norm layer with the block's weights."""
    plain = torch.nn.TransformerEncoderLayer(
        width, heads, ratio * width, dropout=0.0, activation="relu", batch_first=True, norm_first=True
    )
    theirs = {
        "self_attn.in_proj_": "mix.",
        "self_attn.out_proj.": "out.",
        "linear1.": "rise.",
        "linear2.": "fall.",
    }
    with torch.no_grad():
        for name, value in plain.named_parameters():
            for prefix, mine in theirs.items():
                if name.startswith(prefix):
                    value.copy_(w[mine + name.removeprefix(prefix)])
    return plain


def test_a_block_is_torchs_pre_norm_layer(float64):
    block = Attention((9, 24), (9, 24), heads=3, ratio=2)
    config = parse(compose(changes={"init.kind": "torch_default"}))
    w = block.draw(config.init, torch.Generator().manual_seed(2))
    x = torch.randn(IMAGES, 9, 24)
    _, h = block.forward(w, x, Relu(), Float32())
    assert torch.allclose(h, plain_layer(24, 3, 2, w)(x), atol=1e-12)


def test_patches_are_squares_row_by_row():
    x = torch.rand(IMAGES, 6 * 4 * 3)
    images = x.view(IMAGES, 6, 4, 3)
    patches = Patches(2).shaped(x, (6, 4, 3))
    assert Patches(2).shape((6, 4, 3)) == patches.shape[1:] == (6, 12)
    assert torch.equal(patches[:, 3], images[:, 2:4, 2:4].flatten(1))
    assert Patches(5).shape((1, 10, 30)) == (2, 150)


@FORMS
def test_a_blocks_gradient_is_that_of_its_own_loss_and_stays_inside(float64, changes):
    net = net_of(changes)
    rows, task = batch(net)
    for layer in net.layers:
        _, backward = autograd.forward(layer, rows, task)
        backward()
        others = [other for other in net.layers if other is not layer]
        assert not any(other.buffer.grad.any() for other in others)
        for name, grad in plainly(net, layer, rows, task).items():
            assert torch.allclose(layer.buffer.grads[name], grad, atol=1e-12), name
        layer.buffer.grad.zero_()
        rows = layer.hand_over(rows, layer.activity(rows))


def plainly(net, layer, rows, task) -> dict[str, torch.Tensor]:
    """The gradient of a block's loss, by torch's own layer and the formulas of the objective."""
    w = {name: value.detach().clone().requires_grad_() for name, value in layer.buffer.values.items()}
    width = layer.block.outputs[1]
    x = rows.dense(w.get("code.table"))
    scale = x.flatten(1).square().mean(1).sqrt() + 1e-6
    x = F.layer_norm(x, (width,)) if layer.index else x / scale[:, None, None]
    mine = under("w", w)
    if not layer.index:
        x = x @ mine["patch.weight"].T + mine["patch.bias"] + mine["position"]
    plain = plain_layer(width, 3, 2, mine)
    h = torch.func.functional_call(plain, theirs(mine), (x,))
    if task.competitors.needs == "classes":
        loss = F.cross_entropy(h.mean(1) @ w["p.matrix"].T, task.y)
    else:
        g = h.square().mean((1, 2)).view(2, -1)
        u = -layer.rules.objective.alpha * (g[0] - g[1])
        loss = (u * u.sigmoid()).mean()
    return dict(zip(w, torch.autograd.grad(loss, list(w.values())), strict=True))


def theirs(w) -> dict[str, torch.Tensor]:
    names = {"self_attn.in_proj_": "mix.", "self_attn.out_proj.": "out.", "linear1.": "rise.", "linear2.": "fall."}
    return {prefix + part: w[mine + part] for prefix, mine in names.items() for part in ("weight", "bias")}


@FORMS
def test_parameters_and_flops_are_those_of_the_net(changes):
    config, info = parse(compose(changes=changes)), catalogue.describe("digits")
    net, guessed = net_of(changes), estimate.estimate(config, info)
    assert [layer.parameters for layer in guessed.layers] == [layer.parameters for layer in net.layers]
    rows, task = batch(net)
    with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):  # what torch can count
        for layer in net.layers:
            reading, backward = autograd.forward(layer, rows, task)
            backward()
            rows = layer.hand_over(rows, reading.h)
    assert IMAGES * phase_flops(config, info, config.phases()[0]) == pytest.approx(counter.get_total_flops(), rel=0.05)
    assert reading_flops(config, info) > 0


def test_the_label_is_a_token_of_its_own():
    net = net_of(CANDIDATES)
    rows, _ = batch(net)
    assert rows.dense().shape == (2 * IMAGES, 17, 4)
    assert net.layers[0].block.outputs == (17, 24)
    assert torch.equal(rows.dense()[:IMAGES, 1:], rows.dense()[IMAGES:, 1:])


@FORMS
def test_it_learns_digits(changes, tmp_path):
    sizes = {"data.train_size": 600, "data.test_size": 200, "metrics.every_steps": 50, "schedule.epochs": 4}
    config = tiny.config(changes | sizes | {"architecture.patch": 4, "optimiser.lr": 0.01, "schedule.batch_size": 20})
    last = {}
    for name, run in (("learnt", config), ("frozen", CONTROLS["random"].derive(config))):
        tiny.train(run, tmp_path / name)
        last[name] = tiny.events(tmp_path / name, "metrics")[-1]["values"]["test/accuracy"]
    assert last["learnt"] > max(0.6, last["frozen"])


@pytest.mark.parametrize("scope", ["whole", "pair"])
def test_a_gradient_can_run_through_several_blocks(scope, tmp_path):
    changes = CLASS_ROWS if scope == "pair" else CLASS_ROWS | {"readout.kind": "last", "goodness.pool": None}
    config = tiny.config(changes | {"scope.kind": scope, "schedule.epochs": 1})
    first = build(config, (8, 8, 1), 10, 1.0, torch.Generator()).layers[0]
    stored = tiny.train(config, tmp_path / "run")
    assert stored["layers"][0]["flat"].numel() == first.buffer.flat.numel()
    assert tiny.same(stored, tiny.train(config, tmp_path / "again"))


@pytest.mark.parametrize(
    ("changes", "loc", "says"),
    [
        ({"architecture.heads": 5}, "architecture.heads", "1, 2, 3, 4, 6"),
        ({"label_code.kind": "concat"}, "label_code.kind", "channel"),
        ({"regulariser.peer": 0.1}, "regulariser.peer", "set 0"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_what_cannot_be_is_refused_with_what_would_work(changes, loc, says):
    with pytest.raises(ConfigError) as refused:
        parse(compose(changes=CANDIDATES | changes))
    assert any(error["loc"] == loc and says in error["msg"] for error in refused.value.errors)


def test_patches_that_do_not_cover_the_image_are_refused():
    config = parse(compose(changes=CANDIDATES | {"architecture.patch": 3}))
    (problem,) = estimate.problems(config, catalogue.describe("digits"))
    assert problem["loc"] == "architecture.patch"
    assert "1, 2, 4, 8" in problem["msg"]
