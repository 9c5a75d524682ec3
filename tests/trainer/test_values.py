"""What one step does at the values of the axes, against a plain statement of each formula: a few rows, in float64."""

from __future__ import annotations

from dataclasses import replace
from math import cos, log, pi, prod, sqrt

import numpy as np
import pytest
import torch

from tests.trainer import plainly
from tests.trainer.plainly import CLASSES, IMAGES, climb, images, learn, made, moved, near, overlaid, rms, weights
from tests.trainer.samples import kind_of, kinds
from tests.trainer.test_values_together import HEARD, SCOPES
from trainer.axes.competitors import AllLabels, Classes, WrongLabel
from trainer.axes.context import AnyContext
from trainer.axes.goodness import Activity, AnyGoodness, Groups, PatchProjection
from trainer.axes.objective import AnyObjective
from trainer.axes.readout import Better, Range
from trainer.axes.scope import AnyScope
from trainer.axes.terms import AnyTerm, Contrast, Similarity
from trainer.blocks import features, length
from trainer.evaluate import Judgement
from trainer.update.reading import Task, drop


@pytest.fixture(autouse=True)
def _float64():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def labels(count):
    """Wrong labels (count, B), all different."""
    return torch.stack([(images()[1] + 1 + n) % CLASSES for n in range(count)])


def mean_of_squares(h):
    return (h * h).sum(1) / h.shape[1]


# -- objectives, on the mean of squares


def softplus(u):
    return torch.log(1 + torch.exp(u))


def sigmoid(u):
    return 1 / (1 + torch.exp(-u))


PAIR_LOSSES = {
    "threshold": ({"theta": 0.6, "slope": 2.0}, lambda p, n: softplus(2 * (0.6 - p)) + softplus(2 * (n - 0.6))),
    "threshold of two": (
        {"kind": "threshold", "theta": 0.2, "theta_negative": 0.9},
        lambda p, n: softplus(0.2 - p) + softplus(n - 0.9),
    ),
    "symba": ({"alpha": 3.0}, lambda p, n: softplus(-3 * (p - n))),
    "swish_symba": ({"alpha": 3.0}, lambda p, n: -3 * (p - n) * sigmoid(-3 * (p - n))),
    "margin": ({"margin": 0.4, "pull_down": 0.1}, lambda p, n: torch.clamp(0.4 + n - p, min=0) + 0.1 * n),
    "cross_entropy": (
        {"temperature": 0.5},
        lambda p, n: -torch.log(torch.exp(p / 0.5) / (torch.exp(p / 0.5) + torch.exp(n / 0.5))),
    ),
}  # fmt: skip


MEANS = [(name, negatives) for name in PAIR_LOSSES for negatives in (1, 3) if name != "cross_entropy"]


@pytest.mark.parametrize(("name", "negatives"), [*MEANS, ("cross_entropy", 1)])
def test_a_step_on_pairs(name, negatives):
    fields, loss = PAIR_LOSSES[name]
    _, net = made({"objective": {"kind": name.split()[0], **fields}})
    (weight, bias), _ = weights(net)
    x, y = images()
    (positive,) = climb(overlaid(x, y), [(weight, bias)])
    total = 0
    for wrong in labels(negatives):
        (negative,) = climb(overlaid(x, wrong), [(weight, bias)])
        total = total + loss(mean_of_squares(positive), mean_of_squares(negative)).mean() / negatives
    learn(net, 0, *plainly.asked(net, WrongLabel(count=negatives), labels(negatives)))
    assert near(net.layers[0].w["weight"], moved(weight, total))
    assert near(net.layers[0].w["bias"], moved(bias, total))


def test_a_step_on_all_labels():
    _, net = made({"competitors.kind": "all_labels", "objective.kind": "cross_entropy"})
    (weight, bias), _ = weights(net)
    x, y = images()
    every = [mean_of_squares(climb(overlaid(x, torch.full_like(y, k)), [(weight, bias)])[0]) for k in range(CLASSES)]
    total = surprise(torch.stack(every, 1), y)
    learn(net, 0, net.coder.every_label(x), Task(AllLabels(), y, IMAGES))
    assert near(net.layers[0].w["weight"], moved(weight, total))


ACTIVITIES = {
    "unsquared": ({"power": 1}, lambda h: h.sum(1) / 8),
    "sum": ({"reduce": "sum"}, lambda h: (h * h).sum(1)),
    "minimised": ({"sign": -1}, lambda h: -(h * h).sum(1) / 8),
    "constraints": ({"constraint_share": 0.25}, lambda h: ((h[:, :6] ** 2).sum(1) - (h[:, 6:] ** 2).sum(1)) / 8),
}


@pytest.mark.parametrize("name", ACTIVITIES)
def test_a_step_on_activities(name):
    fields, goodness = ACTIVITIES[name]
    _, net = made({"goodness": {"kind": "activity", **fields}, "objective.kind": "symba", "objective.alpha": 1.0})
    (weight, bias), _ = weights(net)
    x, y = images()
    positive, negative = (climb(overlaid(x, each), [(weight, bias)])[0] for each in (y, labels(1)[0]))
    total = softplus(goodness(negative) - goodness(positive)).mean()
    learn(net, 0, *plainly.asked(net, WrongLabel(), labels(1)))
    assert near(net.layers[0].w["weight"], moved(weight, total))


# -- class rows


def by_group(power):
    return lambda h, p: torch.stack([(h[:, 2 * k : 2 * k + 2] ** power).sum(1) / 2 for k in range(CLASSES)], 1)


def by_cosine(h, p):
    cosines = [[row @ q / (row.norm() + 1e-6) / (q.norm() + 1e-6) for q in p["matrix"]] for row in h]
    return torch.stack([torch.stack(row) for row in cosines]) / 0.2


def by_patch(h, p):
    energies = torch.stack([(h[:, :3] ** 2).mean(1), (h[:, 3:6] ** 2).mean(1), (h[:, 6:] ** 2).mean(1)], 1)
    return torch.stack([energies @ row + shift for row, shift in zip(p["matrix"], p["bias"], strict=True)], 1)


CLASS_ROWS = {
    "groups": ({"power": 2}, by_group(2)),
    "unsquared groups": ({"kind": "groups", "power": 1}, by_group(1)),
    "prototype": ({"temperature": 0.2}, by_cosine),
    "patch_projection": ({"patch": 3}, by_patch),
    "projection": ({"start": "normal"}, lambda h, p: torch.stack([h @ row for row in p["matrix"]], 1)),
}
ONE_PASS = {
    "label_code.kind": "none",
    "competitors.kind": "classes",
    "objective.kind": "cross_entropy",
    "readout.kind": "sum",
}


def surprise(scores, y):
    """−log of the softmax's chance of the true class, a mean over the images."""
    chances = torch.exp(scores) / torch.exp(scores).sum(1, keepdim=True)
    return -torch.log(torch.stack([row[label] for row, label in zip(chances, y, strict=True)])).mean()


@pytest.mark.parametrize("name", CLASS_ROWS)
def test_a_step_on_class_rows(name):
    fields, scores = CLASS_ROWS[name]
    _, net = made({**ONE_PASS, "goodness": {"kind": name, **fields}})
    (weight, bias), _ = weights(net)
    layer, (x, y) = net.layers[0], images()
    p = {key: value.clone().requires_grad_() for key, value in layer.p.items()}
    total = surprise(scores(climb(rms(x), [(weight, bias)])[0], p), y)
    wanted = {key: moved(value, total) if layer.rules.goodness.learns else value for key, value in p.items()}
    learn(net, 0, *plainly.asked(net, Classes()))
    assert near(layer.w["weight"], moved(weight, total))
    assert all(near(layer.p[key], value) for key, value in wanted.items())


def test_readings_of_maps_place_by_place():
    h = torch.rand(2, 8, 6, 4, generator=torch.Generator().manual_seed(0))
    maps = h.numpy()
    grouped = Groups(power=2).bound(4).scores(h, {})
    regions = Activity(regions=2, constraint_share=0.5).scores(h, {})
    sums = Activity(regions=2, reduce="sum", power=1, sign=-1).scores(h, {})
    patches = PatchProjection(patch=4)
    p = patches.init((8, 6, 4), 3, torch.Generator().manual_seed(1))
    for n in range(2):
        for k in range(4):
            own = maps[n, 2 * k : 2 * k + 2]
            assert np.isclose(grouped[n, k], sum(v * v for v in own.flatten()) / own.size)
        for number, (top, left) in enumerate([(0, 0), (0, 2), (3, 0), (3, 2)]):
            part = maps[n, :, top : top + 3, left : left + 2]
            signed = (part[:4] ** 2).sum() - (part[4:] ** 2).sum()
            assert np.isclose(regions[n, number], signed / part.size)
            assert np.isclose(sums[n, number], -part.sum())
        energies = np.array([[(maps[n, c, :4] ** 2).mean(), (maps[n, c, 4:] ** 2).mean()] for c in range(8)]).reshape(
            -1
        )
        assert np.allclose(patches.scores(h, p)[n], p["matrix"].numpy() @ energies + p["bias"].numpy())


def test_readings_of_tokens():
    h = torch.rand(2, 3, 8, generator=torch.Generator().manual_seed(0))
    tokens = h.numpy()
    grouped = Groups(power=1).bound(4).scores(h, {})
    split = Activity(constraint_share=0.25).scores(h, {})
    for n in range(2):
        assert np.allclose(grouped[n], [tokens[n, :, 2 * k : 2 * k + 2].mean() for k in range(4)])
        assert np.isclose(split[n, 0], ((tokens[n, :, :6] ** 2).sum() - (tokens[n, :, 6:] ** 2).sum()) / 24)


# -- terms


def similar(features, y):
    """Mean squared difference between the cosines of centred features and those of centred one-hot labels."""
    hot = torch.stack([torch.tensor([float(k == label) - 1 / CLASSES for k in range(CLASSES)]) for label in y])
    total = 0
    for a in range(len(y)):
        for b in range(len(y)):
            u, v = features[a] - features[a].mean(), features[b] - features[b].mean()
            total = total + (u @ v / (u.norm() * v.norm()) - hot[a] @ hot[b] / (hot[a].norm() * hot[b].norm())) ** 2
    return total / len(y) ** 2


def contrasted(z, y):
    """Supervised contrast at temperature 0.5."""
    z = [row / row.norm() for row in z]
    losses = []
    for a in range(len(y)):
        mates = [b for b in range(len(y)) if b != a and y[b] == y[a]]
        everyone = sum(torch.exp(z[a] @ z[b] / 0.5) for b in range(len(y)) if b != a)
        if mates:
            losses.append(-sum(torch.log(torch.exp(z[a] @ z[b] / 0.5) / everyone) for b in mates) / len(mates))
    return sum(losses) / len(losses)


TERMS = {
    "similarity": ({}, "map", similar),
    "contrast": ({"temperature": 0.5, "width": 5}, "project", contrasted),
}


@pytest.mark.parametrize("name", TERMS)
def test_a_step_with_a_term(name):
    fields, head, term = TERMS[name]
    terms = [{"kind": name, "weight": 0.7, **fields}]
    _, net = made({**ONE_PASS, "goodness": {"kind": "groups"}, "objective.terms": terms})
    (weight, bias), _ = weights(net)
    layer, (x, y) = net.layers[0], images()
    matrix = layer.terms[0][head].clone().requires_grad_()
    (h,) = climb(rms(x), [(weight, bias)])
    total = 0.3 * surprise(by_group(2)(h, {}), y) + 0.7 * term([matrix @ row for row in h], y)
    wanted = moved(matrix, total)
    learn(net, 0, *plainly.asked(net, Classes()))
    assert torch.allclose(layer.w["weight"], moved(weight, total), rtol=1e-5, atol=1e-7)
    assert torch.allclose(layer.terms[0][head], wanted, rtol=1e-5, atol=1e-7)
    assert layer.parameters == sum(value.numel() for value in (weight, bias, matrix))


@pytest.mark.parametrize("name", TERMS)
def test_a_term_counts_less_where_a_batch_is_read_more_than_once(name):
    """As the rows' own loss does: both are means over all the readings of a batch."""
    moves = []
    for readings in (1, 2):
        terms = [{"kind": name, "weight": 0.7, "pool": None, "width": 5} if name == "contrast" else {"kind": name}]
        _, net = made({**ONE_PASS, "goodness": {"kind": "groups"}, "objective.terms": terms})
        before = net.layers[0].buffer.flat.clone()
        rows, task = plainly.asked(net, Classes())
        learn(net, 0, rows, replace(task, count=readings * IMAGES))
        moves.append(net.layers[0].buffer.flat - before)
    assert torch.allclose(moves[0], 2 * moves[1], rtol=1e-5, atol=1e-9)


def test_similarity_of_maps_that_say_nothing_is_a_number():
    term = Similarity()
    empty = torch.zeros(4, 3, 5, 5)
    weights = {"map": torch.ones(3, 3, 3, 3)}
    assert bool(term.loss(empty, torch.tensor([0, 1, 0, 1]), 2, weights).isfinite())


def test_contrast_is_a_mean_over_the_mates_of_an_image_and_over_the_images_that_have_some():
    rows, y = torch.randn(7, 5, generator=torch.Generator().manual_seed(1)), torch.tensor([0, 0, 0, 0, 1, 1, 2])
    term = Contrast(temperature=0.5, width=5)
    assert torch.allclose(term.loss(rows, y, 3, {"project": torch.eye(5)}), contrasted(rows, y), rtol=1e-6)


def test_terms_of_maps():
    h = torch.rand(IMAGES, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    y = images()[1]
    similarity, contrast = Similarity(), Contrast(width=5, pool=2, temperature=0.5)
    p, q = (term.init((3, 4, 4), torch.Generator().manual_seed(1)) for term in (similarity, contrast))
    padded = np.pad(h.numpy(), ((0, 0), (0, 0), (1, 1), (1, 1)))
    spread = []
    for image in padded:
        maps = [
            [(image[:, i : i + 3, j : j + 3] * kernel).sum() for i in range(4) for j in range(4)]
            for kernel in p["map"].numpy()
        ]
        spread.append(torch.tensor([np.std(values, ddof=1) for values in maps]))
    assert torch.allclose(similarity.loss(h, y, CLASSES, p), similar(spread, y), rtol=1e-5)
    pooled = [
        torch.stack([m[i : i + 2, j : j + 2].mean() for m in image for i in (0, 2) for j in (0, 2)]) for image in h
    ]
    assert torch.allclose(
        contrast.loss(h, y, CLASSES, q), contrasted([q["project"] @ row for row in pooled], y), rtol=1e-6
    )


def test_an_image_alone_has_no_contrast():
    p = {"project": torch.ones(2, 3, requires_grad=True)}
    loss = Contrast().loss(torch.rand(1, 3, requires_grad=True), torch.zeros(1, dtype=torch.long), CLASSES, p)
    loss.backward()
    assert loss == 0
    assert bool(p["project"].grad.isfinite().all())


# -- single numbers


def test_positive_rows_are_those_under_their_own_label():
    _, net = made()
    x, y = images()
    for rule, rows in (
        (AllLabels(), net.coder.every_label(x)),
        (WrongLabel(), net.coder.labelled(x, torch.stack([y, (y + 1) % CLASSES]))),
    ):
        assert torch.equal(rows.labels.reshape(-1)[rule.positive(y)], y)


def test_activations():
    z = torch.tensor([[-1.0, 0.5, 2.0]])
    student = made({"activation": {"kind": "student_t", "nu": 3.0}})[0].activation
    triangle = made({"activation.kind": "triangle"})[0].activation
    assert np.allclose(student.apply(z), [[0.5 * 4 * log(1 + v * v / 3) for v in (-1.0, 0.5, 2.0)]])
    assert np.allclose(triangle.apply(z), [[0.0, 0.0, 1.5]])
    for axis, form in ((1, (2, 5, 3, 4)), (2, (2, 3, 5))):  # channels of maps, numbers of a token
        x = torch.randn(form, generator=torch.Generator().manual_seed(1))
        assert torch.allclose(triangle.apply(x), (x - x.mean(axis, keepdim=True)).clamp(min=0))


def test_features_are_averaged_to_places():
    h = torch.arange(2 * 3 * 4 * 4.0).view(2, 3, 4, 4)
    wanted = [[h[n, c, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2].mean() for c in range(3) for i in (0, 1) for j in (0, 1)]
              for n in (0, 1)]  # fmt: skip
    assert torch.equal(features.flat(h, 2), torch.tensor(wanted))
    assert torch.equal(features.flat(h[:, 0], 1), h[:, 0].mean(1))
    assert torch.equal(features.flat(h, None), h.view(2, 48))


def test_a_row_of_nothing_sends_no_slope_but_a_number():
    x = torch.tensor([[0.0, 0.0], [3.0, 4.0]])
    slope = length.pull(x, torch.ones(2, 2), 1.0, 0.5)
    assert slope[0].tolist() == [2.0, 2.0]  # 1 / eps
    assert bool(slope.isfinite().all())


def test_black_boxes():
    x = torch.tensor([[3.0, 0.0, 4.0, 0.0], [0.0, 0.0, 0.0, 0.0]])
    boxes = {
        kind: made({"normalisation.handover.kind": kind})[1].layers[1] for kind in ("sign", "quantise", "permutation")
    }
    apply = {kind: layer.rules.inlet.apply(x, {"order": torch.tensor([2, 0, 3, 1])}) for kind, layer in boxes.items()}
    assert apply["sign"].tolist() == [[1, -1, 1, -1], [-1, -1, -1, -1]]
    assert apply["quantise"].tolist() == [[1, 0, 2, 0], [0, 0, 0, 0]]  # 3/2.5 and 4/2.5, to whole numbers
    finer = made({"normalisation.handover": {"kind": "quantise", "levels": 8}})[1].layers[1].rules.inlet
    assert finer.apply(x, {}).tolist() == [[1, 0, 1.5, 0], [0, 0, 0, 0]]  # 1.2 and 1.6, to halves
    assert np.allclose(apply["permutation"], [[1.6, 1.2, 0, 0], [0, 0, 0, 0]], atol=1e-5)
    order = boxes["permutation"].fixed["inlet.order"]
    assert sorted(order.tolist()) == list(range(8))
    again = made({"normalisation.handover.kind": "permutation"})[1].layers[1]
    assert torch.equal(order, again.fixed["inlet.order"])


@pytest.mark.parametrize("shape", [(300, 200), (40, 20, 5, 3)])
def test_how_weights_begin(shape):
    """Their spread is that of the formula: by what comes in, by what goes out, and between bounds."""
    fan_in, fan_out = prod(shape[1:]), shape[0] * prod(shape[2:])
    for fields, deviation in (
        ({"kind": "normal", "gain": 1.5}, 1.5 * fan_in**-0.5),
        ({"kind": "fan_out", "gain": 1.5}, 1.5 * fan_out**-0.5),
        ({"kind": "torch_default"}, (3 * fan_in) ** -0.5),  # uniform between ±1/√fan-in
    ):
        drawn = made({"init": fields})[0].init.draw(shape, fan_in, torch.Generator().manual_seed(0))
        assert drawn["weight"].shape == shape
        assert float(drawn["weight"].std()) == pytest.approx(deviation, rel=0.02)
        assert abs(float(drawn["weight"].mean())) < 0.05 * deviation
        if fields["kind"] == "torch_default":
            assert float(drawn["weight"].abs().max()) == pytest.approx(fan_in**-0.5, rel=0.01)
            assert fan_in**-0.5 / 2 < float(drawn["bias"].abs().max()) <= fan_in**-0.5
        else:
            assert not drawn["bias"].any()


CURVES = {
    "cosine": ({"end": 0.1}, lambda d: 0.1 + 0.9 * (1 + cos(pi * d)) / 2),
    "linear": ({"begin": 0.5, "warmup": 0.25}, lambda d: min(1, d / 0.25) * (1 if d < 0.5 else 2 * (1 - d))),
    "linear to a floor": ({"kind": "linear", "end": 0.2}, lambda d: 1 - 0.8 * d),
    "steps": ({"at": [0.4, 0.8], "to": [0.5, 0.1]}, lambda d: 1 if d < 0.4 else 0.5 if d < 0.8 else 0.1),
}


@pytest.mark.parametrize("kind", CURVES)
def test_curves(kind):
    fields, wanted = CURVES[kind]
    curve = made({"optimiser.curve": {"kind": kind.split()[0], **fields}})[0].optimiser.curve
    for done in (0.0, 0.1, 0.3, 0.4, 0.6, 0.8, 0.99):
        assert np.isclose(curve.factor(done), wanted(done))


def adamw(start, slopes):
    """Loshchilov & Hutter's algorithm 2 with rate 0.1 and decay 0.3."""
    x, mean, square = start.copy(), np.zeros(3), np.zeros(3)
    for step, slope in enumerate(slopes, 1):
        mean, square = 0.9 * mean + 0.1 * slope, 0.999 * square + 0.001 * slope**2
        ahead = (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
        x = x - 0.1 * (ahead + 0.3 * x)
    return x


def averaged(start, slopes):
    """Hinton's form of momentum."""
    x, velocity = start.copy(), np.zeros(3)
    for slope in slopes:
        velocity = 0.9 * velocity + 0.1 * slope
        x = x - 0.1 * velocity
    return x


def clipped(start, slopes):
    """No gradient longer than 1.5."""
    return start - 0.1 * sum(slope * min(1, 1.5 / sqrt(sum(v * v for v in slope))) for slope in slopes)


OPTIMISERS = [
    ({"kind": "adamw", "weight_decay": 0.3}, adamw),
    ({"kind": "sgd", "momentum": 0.9, "averaged": True}, averaged),
    ({"kind": "sgd", "momentum": 0.0, "clip": 1.5}, clipped),
]


@pytest.mark.parametrize(("fields", "wanted"), OPTIMISERS, ids=["adamw", "averaged", "clipped"])
def test_optimisers(fields, wanted):
    rule = made({"optimiser": {"lr": 0.4, **fields}})[0].optimiser
    start, slopes = np.array([1.0, -2.0, 0.5]), np.array([[0.3, -0.1, 2.0], [0.2, 0.4, -1.0]])
    flat = torch.tensor(start)
    state = rule.state(flat)
    for slope in slopes:
        rule.step(flat, torch.tensor(slope), state, 0.25)
    assert np.allclose(flat, wanted(start, slopes), rtol=1e-5)


def test_a_gradient_of_nothing_is_not_clipped_to_no_number():
    rule = made({"optimiser": {"kind": "sgd", "lr": 0.1, "clip": 1.5}})[0].optimiser
    flat = torch.tensor([1.0, -2.0])
    rule.step(flat, torch.zeros(2), rule.state(flat), 1.0)
    assert flat.tolist() == [1.0, -2.0]


def test_a_gradient_is_clipped_by_its_length_and_a_little():
    """As torch.nn.utils.clip_grad_norm_ does it."""
    rule = made({"optimiser": {"kind": "sgd", "lr": 1.0, "momentum": 0.0, "clip": 1e-6}})[0].optimiser
    flat = torch.zeros(2)
    rule.step(flat, torch.tensor([3e-6, 4e-6]), rule.state(flat), 1.0)
    assert torch.allclose(flat, -torch.tensor([3e-6, 4e-6]) / 6, rtol=1e-6, atol=0)


def test_a_mask_holds_for_all_passes_of_an_image():
    h, mask = torch.arange(24.0).view(6, 4), torch.tensor([[0.0, 2.0, 1.0, 0.0], [1.0, 0.0, 0.0, 3.0]])
    assert torch.equal(drop(h, mask), h * mask.repeat(3, 1))
    assert drop(h, None) is h


RIGHT, WRONG = torch.tensor([[2.0, 0.0], [0.0, 2.0]]), torch.tensor([[0.0, 3.0], [3.0, 0.0]])


def chosen(readout, scores, heads=None):
    return Judgement(scores, RIGHT, torch.tensor([0, 1]), heads=heads or {}).best(readout)


def test_a_range_is_the_best_stretch_of_layers():
    scores = {0: WRONG, 1: RIGHT, 2: RIGHT}
    assert chosen(Range(), scores) == "the scores of layers 1 to 3"  # 2 + 2 > 3: the longest of the good ones
    assert chosen(Range(), scores | {0: 2 * WRONG}) == "the scores of layers 2 to 3"
    assert chosen(Range(), {0: WRONG, 1: RIGHT, 2: 2 * WRONG}) == "the scores of layer 2"


def test_a_range_looks_at_every_stretch_of_neighbours_the_longest_first():
    scores = {layer: torch.full((2, 2), 10.0**layer) for layer in range(3)}
    found = Judgement(scores, RIGHT, torch.tensor([0, 1]), heads={}).options(Range())
    told = {name.removeprefix("the scores of "): float(total[0, 0]) for name, total in found.items()}
    assert list(told.items()) == [
        ("layers 1 to 3", 111), ("layers 1 to 2", 11), ("layers 2 to 3", 110),
        ("layer 1", 1), ("layer 2", 10), ("layer 3", 100),
    ]  # fmt: skip


def test_the_better_of_two_is_the_softmax_unless_the_other_is_right_more_often():
    scores = {0: RIGHT, 1: 2 * WRONG}
    for head, name in ((RIGHT, "a softmax on all layers"), (WRONG, "the scores of layer 1")):
        assert chosen(Better(), scores, {"a softmax on all layers": head}) == name
    heads = {"a softmax on all layers": WRONG, "a softmax on the last layer": RIGHT}
    assert chosen(Better(other="last"), scores, heads) == "a softmax on the last layer"


ACTIVITY_KINDS = {fields.get("kind", "activity") for fields, _ in ACTIVITIES.values()}
STATED = [  # a layer alone, which hears nobody, is what everything here is about
    (AnyObjective, {name.split()[0] for name in PAIR_LOSSES}, "PAIR_LOSSES"),
    (AnyGoodness, ACTIVITY_KINDS | set(CLASS_ROWS), "ACTIVITIES or, of class scores, in CLASS_ROWS"),
    (AnyTerm, set(TERMS), "TERMS"),
    (AnyContext, {"own", *HEARD}, "HEARD of test_values_together"),
    (AnyScope, {"layer", *SCOPES}, "SCOPES of test_values_together"),
]


@pytest.mark.parametrize(("union", "stated", "where"), STATED, ids=[where.split()[0] for *_, where in STATED])
def test_every_rule_is_stated_plainly(union, stated, where):
    missing = {kind_of(kind) for kind in kinds(union)} - stated
    assert missing == set(), f"state its formula, as its source has it, in {where}"
