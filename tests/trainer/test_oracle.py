"""Every closed form in the catalogue against autograd, in float64: every value of every axis, found by looking.

A derivative is judged at readings and activities of both signs, and at every shape that the value takes.
"""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from tests.trainer.samples import kind_of, samples
from trainer.axes.activation import Activation, AnyActivation
from trainer.axes.competitors import AnyCompetitors, Competitors
from trainer.axes.goodness import AnyGoodness, Goodness
from trainer.axes.norm_base import Norm
from trainer.axes.normalisation import AnyHandover, AnyNorm
from trainer.axes.objective import AnyObjective, Objective

ROWS, CLASSES = 6, 4
SHAPES = {"units": (12,), "maps": (8, 6, 4), "tokens": (3, 8)}


@pytest.fixture(autouse=True)
def _float64():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def drawn(*shape: int, seed: int = 0) -> Tensor:
    """Numbers of both signs, none near 0, where some rules have an edge."""
    x = torch.randn(*shape, generator=seeded(seed))
    return x.sign() * (x.abs() + 0.05)


def named(value: Any) -> str:
    """A sample in the words of a test's name."""
    told = ",".join(f"{name}={field}" for name, field in value.model_dump(exclude_defaults=True).items())
    return f"{kind_of(value)}({told})"


def every(union: Any) -> Any:
    """One test a sample."""
    return pytest.mark.parametrize("value", samples(union), ids=named)


def slope_of(total: Tensor, *leaves: Tensor) -> tuple[Tensor, ...]:
    """What autograd finds; 0 where nothing leads."""
    found = torch.autograd.grad(total, leaves, allow_unused=True)
    return tuple(torch.zeros_like(x) if g is None else g for g, x in zip(found, leaves, strict=True))


def same(found: Tensor, wanted: Tensor) -> bool:
    """To rounding, as large as the largest of them."""
    assert found.shape == wanted.shape
    assert bool(wanted.abs().max() > 0), "the sample shows nothing: no slope is other than 0; suit it in samples.SUITED"
    return float((found - wanted).abs().max()) <= 1e-11 * float(wanted.abs().max())


@every(AnyObjective)
@pytest.mark.parametrize("rivals", [2, 3, 7])
def test_the_slope_of_an_objective(value: Objective, rivals: int) -> None:
    for scale in (0.3, 3.0):
        row = (drawn(ROWS, rivals) * scale).requires_grad_()
        index = torch.randint(rivals, (ROWS,), generator=seeded(1))
        (wanted,) = slope_of(value.loss(row, index).sum(), row)
        assert same(value.slope(row.detach(), index), wanted)


@every(AnyGoodness)
@pytest.mark.parametrize("form", SHAPES)
def test_the_pull_of_a_goodness(value: Goodness, form: str) -> None:
    value, shape = value.bound(CLASSES), SHAPES[form]
    if why := value.misfit(shape, CLASSES):
        assert len(why.reason) > 20
        return
    p = {name: (weight + drawn(*weight.shape, seed=2)).requires_grad_() for name, weight in start(value, shape).items()}
    h = drawn(ROWS, *shape).requires_grad_()
    scores = value.scores(h, p)
    slope = drawn(*scores.shape, seed=3)
    wanted = slope_of((scores * slope).sum(), h, *p.values())
    dh, dp = value.pull(h.detach(), {name: weight.detach() for name, weight in p.items()}, slope)
    assert same(dh, wanted[0])
    assert set(dp) == (set(p) if value.learns else set())
    for name, found in zip(p, wanted[1:], strict=True):
        if value.learns:
            assert same(dp[name], found), name


def start(value: Goodness, shape: tuple[int, ...]) -> dict[str, Tensor]:
    return value.init(shape, CLASSES, seeded(1))


@every(AnyActivation)
@pytest.mark.parametrize("form", SHAPES)
def test_the_pull_of_an_activation(value: Activation, form: str) -> None:
    z = drawn(ROWS, *SHAPES[form]).requires_grad_()
    h, slope = value.apply(z), drawn(ROWS, *SHAPES[form], seed=3)
    (wanted,) = slope_of((h * slope).sum(), z)
    ours, kept = value.kept(z.detach().clone())
    assert torch.equal(ours, h)
    assert same(value.pull(kept, slope), wanted)


@every(AnyHandover)
@pytest.mark.parametrize("form", SHAPES)
def test_the_pull_of_a_normalisation(value: Norm, form: str) -> None:
    shape = SHAPES[form]
    if not value.pulls:
        with pytest.raises(NotImplementedError):
            value.pull(drawn(ROWS, *shape), drawn(ROWS, *shape))
        return
    x, slope = drawn(ROWS, *shape).requires_grad_(), drawn(ROWS, *shape, seed=3)
    (wanted,) = slope_of((value.apply(x, {}, training=True) * slope).sum(), x)
    assert same(value.pull(x.detach(), slope), wanted)


@every(AnyHandover)
def test_a_scale_by_length_is_what_it_divides_by(value: Norm) -> None:
    if not value.by_length:
        return
    x = drawn(ROWS, 12)
    length = torch.linalg.vector_norm(x, dim=1, keepdim=True)
    assert same(x * value.scale(length, 12), value.apply(x, {}))


def test_every_normalisation_can_be_handed_over():
    """So that the oracle of the hand-over is one of all of them."""
    assert {kind_of(value) for value in samples(AnyNorm)} <= {kind_of(value) for value in samples(AnyHandover)}


@every(AnyCompetitors)
@pytest.mark.parametrize("regions", [1, 3])
def test_rows_of_competitors_go_back_to_where_they_came_from(value: Competitors, regions: int) -> None:
    y, passes = torch.randint(CLASSES, (ROWS,), generator=seeded()), value.passes(CLASSES)
    columns = CLASSES if value.needs == "classes" else regions
    scores = drawn(passes * ROWS, columns).requires_grad_()
    row = value.row(scores, y)
    slope = drawn(*row.shape, seed=3)
    (wanted,) = slope_of((row * slope).sum(), scores)
    assert same(value.unrow(slope, y), wanted)
    # the true reading of a row is the one that came from a positive pass, or that of the image's class
    index = value.index(row, y)
    positives = torch.zeros_like(scores)
    if value.needs == "classes":
        positives[torch.arange(ROWS), y] = 1
    else:
        positives[value.positive(y)] = 1
    assert bool((value.row(positives, y).argmax(1) == index).all())
    assert bool((value.row(positives, y).sum(1) == 1).all())
