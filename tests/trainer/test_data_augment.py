"""What is done to images as they are drawn: each change as promised, all of them drawn, and repeated by a seed."""

from __future__ import annotations

import itertools
import typing

import pytest
import torch

from trainer.axes.data import Augment
from trainer.data import digits
from trainer.data.augment import Augmenter

IMAGES = torch.from_numpy(digits.read("digits", []).x_train[:400]).float() / 16 - 0.3  # black is -0.3
KINDS = [kind for kind in typing.get_args(Augment) if kind != "none"]
EVERY = torch.arange(len(IMAGES))


def draw(kind, seed=0, images=IMAGES, index=EVERY):
    return Augmenter(images, kind).draw(index, torch.Generator().manual_seed(seed))


def moved(image, down: int, right: int, edge: bool):
    """`image` (H, W, C) as seen `down` and `right` of where it was, said slowly."""
    height, width, _ = image.shape
    out = torch.full_like(image, -0.3)
    for row, column in itertools.product(range(height), range(width)):
        r, c = row + down, column + right
        if edge:
            r, c = min(max(r, 0), height - 1), min(max(c, 0), width - 1)
        if 0 <= r < height and 0 <= c < width:
            out[row, column] = image[r, c]
    return out


def outcomes(kind: str, image):
    """(M, H, W, C): the image after every change that `kind` allows."""
    reach = {"shift": 1, "shift2": 2, "flip": 0, "crop_flip": 4}[kind]
    ways = range(-reach, reach + 1)
    all_moved = [moved(image, *move, edge=kind.startswith("shift")) for move in itertools.product(ways, ways)]
    return torch.stack([*all_moved, *(image.flip(1) for image in all_moved)] if "flip" in kind else all_moved)


def which(drawn, possible):
    """(N, M): which of the possible outcomes each drawn image is."""
    return (drawn[:, None] - possible).abs().amax((2, 3, 4)) < 1e-6


@pytest.mark.parametrize(("kind", "ways"), [("shift", 9), ("shift2", 25), ("flip", 2)])
def test_every_change_is_one_of_those_promised_and_all_occur(kind, ways):
    image = torch.rand(6, 5, 3)
    drawn = draw(kind, images=image[None], index=torch.zeros(300, dtype=int))
    found = which(drawn, outcomes(kind, image))
    assert found.shape == (300, ways)
    assert torch.equal(found.sum(1), torch.ones(300, dtype=int))
    assert found.sum(0).min() > 300 / ways / 4


def test_a_crop_moves_into_black_and_mirrors():
    drawn = draw("crop_flip")
    assert all(which(drawn[n : n + 1], outcomes("crop_flip", IMAGES[n])).any() for n in range(0, 400, 50))


def test_a_turn_keeps_the_middle_and_stays_between_black_and_white():
    spot = torch.zeros(1, 29, 29, 1)
    spot[0, 14, 14] = spot[0, 14, 24] = 1.0
    drawn = draw("crop_turn", images=spot, index=torch.zeros(200, dtype=int))
    assert drawn.min() >= 0
    assert drawn.max() <= 1 + 1e-6
    rows, columns = torch.meshgrid(torch.arange(29.0), torch.arange(29.0), indexing="ij")
    where = [[(x[..., 0] * axis).sum() / x.sum() for axis in (rows, columns)] for x in drawn]
    spread = torch.tensor(where).std(0)
    assert spread.min() > 1  # of moves up to 4 pixels


def test_a_turn_is_at_most_fifteen_degrees():
    bar = torch.zeros(1, 41, 41, 1)
    bar[0, 20, 8:33] = 1.0
    drawn = draw("crop_turn", images=bar, index=torch.zeros(200, dtype=int))[..., 0].double()
    place = torch.arange(41, dtype=torch.float64)
    mass = drawn.sum((1, 2))
    row, column = (drawn.sum(2) @ place) / mass, (drawn.sum(1) @ place) / mass
    down, right = place - row[:, None], place - column[:, None]
    mixed = torch.einsum("nhw,nh,nw->n", drawn, down, right)
    wide = torch.einsum("nhw,nw->n", drawn, right**2)
    degrees = torch.rad2deg(torch.atan2(mixed, wide))
    assert degrees.abs().max() < 15.5
    assert degrees.max() > 12
    assert degrees.min() < -12


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_repeats_it_and_another_does_not(kind):
    assert torch.equal(draw(kind), draw(kind))
    assert not torch.equal(draw(kind), draw(kind, seed=1))
    assert draw(kind).shape == IMAGES.shape
    assert draw(kind).dtype == torch.float32


def test_an_image_is_found_by_its_index():
    index = torch.tensor([7, 7, 3])
    drawn = draw("flip", index=index)
    assert all(which(drawn[k : k + 1], outcomes("flip", IMAGES[n])).any() for k, n in enumerate(index))
