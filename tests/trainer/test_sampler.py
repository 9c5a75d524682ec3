"""What every way to draw negatives makes of a batch, found by looking; and that the net gets it as rows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Generator, Tensor

from tests.trainer.samples import samples
from trainer.axes.competitors import AnyCompetitors, Competitors, HybridImage
from trainer.negatives.made import Alone, Asked, EveryLabel, OtherImages, WrongLabels

SIZE = (4, 5, 1)


class Text:
    """Rolls that the net wrote, as far as a rule asks for them."""

    def draw(self, count: int, rng: Generator) -> tuple[Tensor, Tensor]:
        return torch.rand(count, 20, generator=rng), torch.randint(3, (count,), generator=rng)


def asked(y: Tensor, classes: int, seed: int = 0) -> Asked:
    """A batch of a training set whose labels are y, all of it."""
    rng, drawn = torch.Generator().manual_seed(seed), dict[str, Tensor]()

    def once(stream: str, draw: Any) -> Tensor:
        return drawn.setdefault(stream, draw(torch.Generator().manual_seed(7)))

    return Asked(
        images=torch.rand(len(y), *SIZE, generator=rng),
        y=y,
        index=torch.arange(len(y)),
        classes=classes,
        rng=rng,
        every_y=y,
        logits=lambda judge: torch.randn(len(y), classes, generator=torch.Generator().manual_seed(3)),
        once=once,
        rolls=Text(),  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("rule", samples(AnyCompetitors), ids=repr)
@settings(max_examples=15, deadline=None)
@given(classes=st.integers(4, 9), count=st.integers(2, 12), seed=st.integers(0, 2**20))
def test_negatives_are_of_a_form_that_the_net_takes_and_never_true(
    rule: Competitors, classes: int, count: int, seed: int
) -> None:
    y = torch.randint(classes, (count,), generator=torch.Generator().manual_seed(seed))
    batch = asked(y, classes, seed)
    made = rule.negatives(batch)
    match made:
        case WrongLabels(labels):
            assert labels.shape == (rule.passes(classes) - 1, count)
            assert bool(((labels >= 0) & (labels < classes)).all())
            assert all(len(set(column)) == len(column) for column in labels.T.tolist())
            assert getattr(rule, "allow_true", False) or not bool((labels == y).any())
        case OtherImages(x, labels):
            assert (x.shape, labels.shape) == ((count, 20), (count,))
            assert rule.passes(classes) == 2
            assert not bool((x == batch.images.flatten(1)).all())
            assert bool(x.isfinite().all())
        case EveryLabel():
            assert rule.passes(classes) == classes
        case Alone():
            assert rule.passes(classes) == 1
            assert rule.needs == "classes"
    assert type(rule.negatives(batch)) is type(made)


def labels_of(rule: Competitors, batch: Asked) -> Tensor:
    made = rule.negatives(batch)
    assert isinstance(made, WrongLabels)
    return made.labels


@pytest.mark.parametrize("rule", [rule for rule in samples(AnyCompetitors) if rule.varies == "label"], ids=repr)
def test_wrong_labels_are_drawn_anew_unless_they_are_drawn_once(rule: Competitors) -> None:
    y = torch.arange(300) % 5
    batch = asked(y, 5)
    if not isinstance(rule.negatives(batch), WrongLabels):
        return
    once = getattr(rule, "fixed", False)
    assert torch.equal(labels_of(rule, batch), labels_of(rule, batch)) == once
    pairs = set()
    for _ in range(20):
        for row in labels_of(rule, batch):
            pairs |= set(zip(y.tolist(), row.tolist(), strict=True))
    assert {(true, wrong) for true in range(5) for wrong in range(5) if true != wrong} <= pairs


def test_a_rule_without_negatives_is_refused_before_it_is_offered() -> None:
    class Unsaid(Competitors):
        """A rule that does not say what stands against an image."""

    with pytest.raises(TypeError, match="negatives"):
        Unsaid()


def test_a_mask_is_as_large_as_the_image() -> None:
    batch, sizes = asked(torch.zeros(3, dtype=torch.long), 4), []

    def once(stream: str, draw: Any) -> Tensor:
        drawn: Tensor = draw(torch.Generator().manual_seed(7))
        sizes.append(tuple(drawn.shape[1:]))
        return drawn

    HybridImage().negatives(replace(batch, once=once))
    assert sizes == [SIZE[:2]]
