"""One step and twenty of the published methods, ours beside plain statements of them (published.py), in float64.

What goes for ours is said in the help of the fields: the threshold loss is `Threshold.TIMES` that of codes which take
one mean over positive and negative rows, so their constants are converted here as there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from tests.trainer import published
from tests.trainer.published import Adam, Array, Matlab, Momentum, Weights, dense, slopes
from trainer.axes.objective import Threshold
from trainer.axes.optimiser import Adam as OurAdam
from trainer.axes.optimiser import Sgd
from trainer.axes.regulariser import Regulariser
from trainer.config import compose, parse
from trainer.data import load
from trainer.loop import learn, open_phase
from trainer.nets.layer import Layer
from trainer.recorder import Recorder
from trainer.rundir import RunDir
from trainer.session import Session
from trainer.stopping import Stop

IMAGES, SIDE, CLASSES, STEPS = 9, 4, 3, 20
ROUNDING = 1e-10
"""Of the way that the weights have gone."""
WIDTHS = (6, 5)
SIGNS = range(2)
CLASS_ROWS = {"label_code.kind": "none", "competitors.kind": "classes", "objective.kind": "cross_entropy"}


@pytest.fixture(autouse=True)
def _float64():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.fixture(autouse=True)
def _few_images(tmp_path, monkeypatch):
    rng = np.random.default_rng(1)
    x, y = rng.integers(0, 256, (IMAGES, SIDE, SIDE), np.uint8), np.arange(IMAGES) % CLASSES
    np.savez(tmp_path / "few.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    monkeypatch.setenv("FFWEB_DATASETS", str(tmp_path))


class Ours:
    """A run of ours on all images at once, and the wrong labels that it draws."""

    def __init__(self, folder: Any, changes: dict[str, Any]) -> None:
        common = {"data.name": "npz:few", "schedule.batch_size": None, "schedule.epochs": STEPS}
        widths = {} if "architecture" in changes else {"architecture.hidden": WIDTHS}
        config = parse(compose(None, None, {**common, **widths, **changes}))
        data = load(config.data, torch.device("cpu"), config.seed)
        data = replace(data, x_train=data.x_train.double())
        place = RunDir(folder / "run").create()
        self.run = Session(
            config, data, folder=place, recorder=Recorder(place), stop=Stop(place), device=torch.device("cpu")
        )
        self.x, self.y = data.x_train.flatten(1).numpy(), data.y_train.numpy()
        self.layers = self.run.net.layers
        self.start = [self.weights(layer) for layer in self.layers]
        self._labels: list[Array] = []
        self._pieces, self.run.sampler.pieces = self.run.sampler.pieces, self._listen  # type: ignore[method-assign]

    def _listen(self, *args: Any) -> Iterator[Any]:
        for piece in self._pieces(*args):
            rows = piece.flow.inlet(self.run.net.course[0])
            if hasattr(rows, "labels"):
                self._labels.append(rows.labels[1].numpy().copy())
            yield piece

    @staticmethod
    def weights(layer: Layer) -> Weights:
        """All that learns, under plain names."""
        return {name.rsplit(".", 1)[1]: value.numpy().copy() for name, value in layer.buffer.values.items()}

    def steps(self) -> Iterator[Array]:
        """Take a step; the wrong labels of it, none where classes compete."""
        for step in self.run.plan.after(0):
            if step.opens_phase:
                open_phase(self.run, step)
            learn(self.run, step, self.run.batches.draw(step, self.run.rng))
            yield self._labels.pop() if self._labels else np.zeros(0)

    def signs(self, wrong: Array, strength: float) -> list[Array]:
        """Images under their labels, and under wrong ones."""
        return [published.overlaid(self.x, labels, CLASSES, strength) for labels in (self.y, wrong)]

    def apart(self, theirs: list[Weights]) -> float:
        """How far we are from them, as a share of the way that they have gone; the farthest of all weights."""
        found = []
        for layer, start, wanted in zip(self.layers, self.start, theirs, strict=True):
            mine = self.weights(layer)
            for name, value in wanted.items():
                gone = np.linalg.norm(value - start[name])
                assert gone > 0, name
                found.append(np.linalg.norm(mine[name] - value) / gone)
        return float(max(found))


def beside(ours: Ours, their_step: Any) -> list[float]:
    """How far apart after each step; `their_step(wrong)` gives their weights."""
    return [ours.apart(their_step(wrong)) for wrong in ours.steps()]


def agreed(apart: list[float], within: float = ROUNDING) -> bool:
    """After one step, after twenty and in between."""
    assert len(apart) == STEPS
    return max(apart) < within


# -- Hinton's threshold, and those after him

HINTON = {
    "label_code.strength": 1.0,
    "goodness.reduce": "sum",
    "normalisation.input": {"kind": "rms", "eps": 0.0},
    "normalisation.handover": {"kind": "rms", "eps": 0.0},
    "architecture": {"kind": "mlp", "hidden": [6, 6, 6]},
}


def matlab(ours: Ours) -> Any:
    layers = [Matlab(weights) for weights in ours.start]

    def step(wrong: Array) -> list[Weights]:
        positive, negative = ours.signs(wrong, 1.0)
        for layer in layers:
            positive, negative = layer.step(published.rms(positive), published.rms(negative))
        return [layer.w for layer in layers]

    return step


def hinton(**changes: Any) -> dict[str, Any]:
    """Ours, with the constants of the Matlab code as the help converts them."""
    times = Threshold.TIMES
    sgd = {"kind": "sgd", "lr": Matlab.EPSILON / times, "momentum": Matlab.DELAY, "averaged": True}
    held = {"weight_decay": Matlab.WC * times, "peer": Matlab.LAMBDAMEAN * times, "peer_rows": "positive"}
    return HINTON | {"objective": {"kind": "threshold", "theta": 6.0}, "optimiser": sgd, "regulariser": held, **changes}


def test_hintons_matlab_code(tmp_path):
    ours = Ours(tmp_path, hinton())
    assert agreed(beside(ours, matlab(ours)))


OFF = {
    "rate": {"optimiser.lr": 0.01},
    "decay": {"regulariser.weight_decay": 0.001},
    "peers": {"regulariser.peer": 0.03},
    "rows of peers": {"regulariser.peer_rows": "all"},
    "threshold": {"objective.theta": 5.9},
}


@pytest.mark.parametrize("constant", OFF)
def test_a_constant_that_is_not_converted_is_noticed(constant, tmp_path):
    ours = Ours(tmp_path, hinton(**OFF[constant]))
    assert beside(ours, matlab(ours))[-1] > 1e3 * ROUNDING


def test_what_hintons_head_learns_from(tmp_path):
    """Its gradient. As the preset says, the step is that of our Adam, the bias a column of ones, and a row under the
    neutral label is divided by the length of one under a label."""
    ours = Ours(tmp_path, hinton(readout={"kind": "softmax", "layers": "skip_first", "lr": 0.01}))
    assert ours.run.head
    neutral = ours.x.copy()
    neutral[:, :CLASSES] = 1 / CLASSES
    labelled = np.sqrt((published.overlaid(ours.x, ours.y, CLASSES, 1.0) ** 2).mean(1, keepdims=True))
    w, rule = {"head": np.zeros((CLASSES, 13))}, Adam(0.01)
    before = ours.start
    for _ in ours.steps():
        x, features = neutral / labelled, []
        for number, layer in enumerate(before):
            x = dense(published.rms(x) if number else x, layer)
            features.append(x / (np.sqrt((x * x).mean(1, keepdims=True)) + 1e-6))
        inputs = np.concatenate([*features[1:], np.ones((IMAGES, 1))], 1)
        w = rule.step(w, {"head": published.head_slope(inputs, w["head"], ours.y)})
        before = [ours.weights(layer) for layer in ours.layers]
        assert np.allclose(ours.run.head.weights[0].numpy(), w["head"], rtol=0, atol=ROUNDING)


def layered(ours: Ours, rules: list[Any], norm: Any, strength: float, loss: Any, *, after: bool = False) -> Any:
    """All layers in each step, each by its own loss of a pair of goodnesses."""
    found = [dict(weights) for weights in ours.start]

    def step(wrong: Array) -> list[Weights]:
        rows = ours.signs(wrong, strength)
        for number, rule in enumerate(rules):
            entered = [norm(x) for x in rows]
            weights = found[number]
            found[number] = rule.step(
                weights, slopes(lambda w, x=entered: loss(*[good(dense(sign, w)) for sign in x]), weights)
            )
            rows = [dense(x, found[number] if after else weights) for x in entered]
        return found

    def good(h: Array) -> Array:
        return (h * h).sum(1) if ours.run.config.goodness.reduce == "sum" else (h * h).mean(1)  # type: ignore[union-attr]

    return step


def test_loewex(tmp_path):
    """Sum of squares, θ = width, SGD at 0.001 with momentum 0.9; its decay, which goes through the momentum, is 0."""
    sgd = {"kind": "sgd", "lr": 0.001 / Threshold.TIMES, "momentum": 0.9}
    ours = Ours(tmp_path, HINTON | {"objective": {"kind": "threshold", "theta": 6.0}, "optimiser": sgd})
    rules = [Momentum(0.001) for _ in range(3)]

    def loss(p: Array, n: Array) -> Array:
        return published.mean_of_both(p, n, 6.0)

    assert agreed(beside(ours, layered(ours, rules, published.rms, 1.0, loss)))


def pezeshki(folder: Any, eps: float) -> list[float]:
    unit = {"kind": "unit_l2"}
    ours = Ours(
        folder,
        {
            "label_code": {"kind": "overlay", "strength": "max"},
            "competitors": {"kind": "wrong_label", "allow_true": True, "fixed": True},
            "objective": {"kind": "threshold", "theta": 2.0},
            "normalisation": {"input": unit, "handover": unit},
            "schedule": {"kind": "greedy", "batch_size": None, "epochs": STEPS},
            "optimiser": {"kind": "adam", "lr": 0.03, "eps": eps},
        },
    )
    found, rules = [dict(weights) for weights in ours.start], [Adam(0.03), Adam(0.03)]
    apart = []
    for number, wrong in enumerate(ours.steps()):
        layer, rows = number // STEPS, ours.signs(wrong, ours.x.max())
        for below in found[:layer]:
            rows = [dense(published.unit(x), below) for x in rows]
        entered = [published.unit(x) for x in rows]

        def loss(w: Weights, x: list[Array] = entered) -> Array:
            return published.mean_of_both(*[(dense(sign, w) ** 2).mean(1) for sign in x], 2.0)

        found[layer] = rules[layer].step(found[layer], slopes(loss, found[layer]))
        mine = ours.weights(ours.layers[layer])
        gone = [np.linalg.norm(found[layer][name] - ours.start[layer][name]) for name in mine]
        off = [np.linalg.norm(found[layer][name] - mine[name]) for name in mine]
        apart.append(max(o / g for o, g in zip(off, gone, strict=True)))
    return apart


def test_pezeshkis_code(tmp_path):
    apart = pezeshki(tmp_path, 1e-8 * Threshold.TIMES)
    assert len(apart) == 2 * STEPS
    assert max(apart) < ROUNDING
    assert max(pezeshki(tmp_path / "off", 1e-8)) > 1e3 * ROUNDING


PAIRS = {"symba": (4.0, published.symba), "swish_symba": (6.0, published.swish)}


@pytest.mark.parametrize("kind", PAIRS)
def test_losses_of_a_pair(kind, tmp_path):
    """As dah33/explore_forward_forward: unit length, mean of squares, handed on is what the new weights make."""
    alpha, pair = PAIRS[kind]
    unit = {"kind": "unit_l2"}
    ours = Ours(
        tmp_path,
        {
            "objective": {"kind": kind, "alpha": alpha},
            "normalisation": {"input": unit, "handover": unit},
            "optimiser": {"kind": "adam", "lr": 0.01},
            "schedule.activities": "after",
            "label_code.strength": 1.0,
        },
    )

    def loss(p: Array, n: Array) -> Array:
        return pair(p, n, alpha)

    assert agreed(beside(ours, layered(ours, [Adam(0.01), Adam(0.01)], published.unit, 1.0, loss, after=True)))


def test_layer_collaboration(tmp_path):
    theta = 8.0
    sgd = {"kind": "sgd", "lr": 0.05, "momentum": 0.0}
    sums = {"context.kind": "others", "objective": {"kind": "threshold", "theta": theta}, "optimiser": sgd}
    ours = Ours(tmp_path, HINTON | sums)
    found, rules = [dict(weights) for weights in ours.start], [Momentum(0.05, 0.0) for _ in ours.start]

    def step(wrong: Array) -> list[Weights]:
        rows = ours.signs(wrong, 1.0)
        inputs, goodness = [], []
        for weights in found:
            entered = [published.rms(x) for x in rows]
            rows = [dense(x, weights) for x in entered]
            inputs.append(entered)
            goodness.append([(h * h).sum(1) for h in rows])
        for number, weights in enumerate(found):
            others = tuple(sum(g[sign] for n, g in enumerate(goodness) if n != number) for sign in SIGNS)

            def loss(w: Weights, x: list[Array] = inputs[number], others: Any = others) -> Array:
                return published.collaborating(*[(dense(sign, w) ** 2).sum(1) for sign in x], others, theta)

            found[number] = rules[number].step(weights, slopes(loss, weights))
        return found

    assert agreed(beside(ours, step))


# -- the Trifecta

PLANES = {"kind": "batch", "affine": True}
TRIFECTA = {
    "architecture": {"kind": "conv", "channels": "2p, 2, 2", "bias": False},
    "label_code": {"kind": "channel"},
    "objective": {"kind": "symba", "alpha": 4.0},
    "normalisation": {"input": PLANES, "handover": PLANES},
    "scope.kind": "pair",
    "schedule": {"kind": "alternating", "batch_size": None, "epochs": STEPS},
    "optimiser": {"kind": "adam", "lr": 0.001},
    "readout.layers": "last",
}
POOLS = (True, False, False)


def trifecta(ours: Ours) -> Any:
    """Block i has a loss when i and the step are both even or both odd, counted from 0; it moves the block below too.
    As ours differs from the authors' code, the last block has a loss in every step, and a weight one Adam. In the first
    step nothing differs.
    """
    found, rules, count = [dict(weights) for weights in ours.start], [Adam(0.001) for _ in POOLS], [0]
    last = len(POOLS) - 1

    def step(wrong: Array) -> list[Weights]:
        cuts = [number % 2 == count[0] % 2 for number in range(last + 1)]
        x = ours.x.reshape(IMAGES, 1, SIDE, SIDE)
        inputs: list[Any] = [None]
        rows = published.trifecta_rows(x, (ours.y, wrong), found[0]["table"])
        for weights, pool in zip(found, POOLS, strict=True):
            rows = published.trifecta_block(rows, weights, pool=pool)
            inputs.append(rows)
        grads = [{name: np.zeros(value.shape) for name, value in weights.items()} for weights in found]
        for top in range(last + 1):
            if not (cuts[top] or top == last):
                continue
            lowest = max(top - 1, 0)

            def loss(w: Weights, lowest: int = lowest, top: int = top) -> Array:
                rows = inputs[lowest]
                for number in range(lowest, top + 1):
                    mine = {name.split("/")[1]: value for name, value in w.items() if name[0] == str(number)}
                    if number == 0:
                        rows = published.trifecta_rows(x, (ours.y, wrong), mine["table"])
                    rows = published.trifecta_block(rows, mine, pool=POOLS[number])
                return published.trifecta_loss(rows)

            whole = {f"{n}/{name}": v for n in range(lowest, top + 1) for name, v in found[n].items()}
            for name, slope in slopes(loss, whole).items():
                grads[int(name[0])][name[2:]] += slope
        for number, rule in enumerate(rules):
            found[number] = rule.step(found[number], grads[number])
        count[0] += 1
        return found

    return step


def test_the_trifecta(tmp_path):
    ours = Ours(tmp_path, TRIFECTA)
    assert agreed(beside(ours, trifecta(ours)))


# -- class rows


def test_cwcomp(tmp_path):
    ours = Ours(
        tmp_path,
        CLASS_ROWS
        | {
            "architecture": {"kind": "conv", "channels": "3, 6gp"},
            "goodness": {"kind": "groups", "power": 2},
            "normalisation": {
                "input": {"kind": "none"},
                "before": {"kind": "batch", "affine": True, "eps": 1e-4},
                "handover": {"kind": "none"},
            },
            "optimiser": {"kind": "adam", "lr": 0.01},
            "readout.kind": "last",
        },
    )
    found, rules = [dict(weights) for weights in ours.start], [Adam(0.01), Adam(0.01)]

    def step(_: Array) -> list[Weights]:
        x = ours.x.reshape(IMAGES, 1, SIDE, SIDE)
        for number, rule in enumerate(rules):
            form = {"groups": CLASSES if number else 1, "pool": bool(number)}

            def loss(w: Weights, x: Array = x, form: Any = form) -> Array:
                return published.surprise(published.group_energy(published.cwcomp_layer(x, w, **form), CLASSES), ours.y)

            weights = found[number]
            found[number] = rule.step(weights, slopes(loss, weights))
            x = published.cwcomp_layer(x, weights, **form)
        return found

    # batch norm takes a bias away where no unit is off: its slope is rounding, of which Adam makes steps
    assert agreed(beside(ours, step), within=1e-7)


def test_deeperforward(tmp_path):
    """Without shortcuts, which have no weights: AdamW with a decay of 0.0001, gradients no longer than 1."""
    ours = Ours(
        tmp_path,
        CLASS_ROWS
        | {
            "architecture": {"kind": "conv", "channels": "3, 6", "bias": False},
            "goodness": {"kind": "groups", "power": 1},
            "normalisation": {"input": {"kind": "layer"}, "before": {"kind": "none"}, "handover": {"kind": "group"}},
            "optimiser": {"kind": "adamw", "lr": 0.04, "weight_decay": 1e-4, "clip": 1.0},
            "readout.kind": "last",
        },
    )
    found, rules = [dict(weights) for weights in ours.start], [Adam(0.04, decay=1e-4), Adam(0.04, decay=1e-4)]

    def step(_: Array) -> list[Weights]:
        x = published.standardised(ours.x.reshape(IMAGES, 1, SIDE, SIDE))
        for number, rule in enumerate(rules):

            def h(w: Weights, x: Array = x) -> Array:
                return published.relu(published.conv(x, w["weight"]))

            weights = found[number]
            grads = slopes(lambda w, h=h: published.surprise(published.group_mean(h(w), CLASSES), ours.y), weights)
            found[number] = rule.step(weights, published.clipped(grads, 1.0))
            x = published.standardised(h(weights), CLASSES)
        return found

    assert agreed(beside(ours, step))


NONE = {"input": {"kind": "none"}, "handover": {"kind": "none"}}


def test_mono_forward(tmp_path):
    ours = Ours(
        tmp_path,
        CLASS_ROWS
        | {
            "goodness": {"kind": "projection", "start": "normal"},
            "normalisation": NONE,
            "optimiser": {"kind": "sgd", "lr": 0.1, "momentum": 0.0},
            "readout.kind": "sum",
        },
    )
    found, rules = [dict(weights) for weights in ours.start], [Momentum(0.1, 0.0) for _ in ours.start]

    def step(_: Array) -> list[Weights]:
        x = ours.x
        for number, weights in enumerate(found):
            grads, x = published.mono_forward(x, ours.y, weights)
            found[number] = rules[number].step(weights, grads)
        return found

    assert agreed(beside(ours, step))


def by_rows(ours: Ours, loss: Any, onward: Any) -> Any:
    """Layers of class rows by Adam at 0.01; `loss(w, h)` of the activity, `onward(h)` is handed on."""
    found, rules = [dict(weights) for weights in ours.start], [Adam(0.01) for _ in ours.start]

    def step(_: Array) -> list[Weights]:
        x = ours.x
        for number, rule in enumerate(rules):
            weights = found[number]
            found[number] = rule.step(weights, slopes(lambda w, x=x: loss(w, dense(x, w)), weights))
            x = onward(dense(x, weights))
        return found

    return step


def test_prototypes_on_a_sphere(tmp_path):
    ours = Ours(
        tmp_path,
        CLASS_ROWS
        | {
            "goodness": {"kind": "prototype", "temperature": 0.05},
            "normalisation": {"input": {"kind": "none"}, "handover": {"kind": "unit_l2", "eps": 0.0}},
            "optimiser": {"kind": "adam", "lr": 0.01},
            "readout.kind": "sum",
        },
    )

    def loss(w: Weights, h: Array) -> Array:
        return published.surprise(published.cosine_scores(h, w["matrix"], 0.05), ours.y)

    found = beside(ours, by_rows(ours, loss, lambda h: h / published.length(h)[:, None]))
    assert agreed(found, within=1e-4)  # the eps of our cosines


def test_prediction_and_similarity(tmp_path):
    ours = Ours(
        tmp_path,
        CLASS_ROWS
        | {
            "goodness": {"kind": "projection", "start": "normal"},
            "objective": {"kind": "cross_entropy", "terms": [{"kind": "similarity", "weight": 0.99}]},
            "normalisation": NONE,
            "optimiser": {"kind": "adam", "lr": 0.01},
            "readout.kind": "last",
        },
    )

    def loss(w: Weights, h: Array) -> Array:
        said = published.surprise(h @ w["matrix"].T, ours.y)
        return 0.01 * said + 0.99 * published.similarity(h @ w["map"].T, ours.y, CLASSES)

    assert agreed(beside(ours, by_rows(ours, loss, lambda h: h)), within=1e-5)  # the eps of our cosines


# -- the words


def help_of(value: Any, field: str) -> str:
    return " ".join(type(value).model_fields[field].description.split())


def test_the_help_converts_as_these_tests_do():
    times = Threshold.TIMES
    sgd, adam, held = Sgd(), OurAdam(), Regulariser()
    assert f"Hinton's {Matlab.EPSILON:g} is {Matlab.EPSILON / times:g} here with Averaged" in help_of(sgd, "lr")
    assert f"and {Matlab.EPSILON / times * (1 - Matlab.DELAY):g} without" in help_of(sgd, "lr")
    assert f"loeweX's 0.001 is {0.001 / times:g}" in help_of(sgd, "lr")
    assert f"rate of {Matlab.EPSILON:g} is {Matlab.EPSILON / times:g} here" in help_of(sgd, "averaged")
    assert f"Pezeshki's 1e-8 is {times:g}e-8 here" in help_of(adam, "eps")
    assert f"Hinton's {Matlab.WC:g} is {Matlab.WC * times:g} here" in help_of(held, "weight_decay")
    assert f"Hinton's {Matlab.LAMBDAMEAN:g} is {Matlab.LAMBDAMEAN * times:g} here" in help_of(held, "peer")
    assert "half of it" in (Threshold.__doc__ or "")
