"""Negatives without labels: masks, spoilt images, and the rows that they become, against plain statements of them."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch

from tests.trainer import tiny
from trainer.axes.competitors import HybridImage, Interpolation, Noise, SelfContrast
from trainer.batches import Batch, Batches
from trainer.blocks.course import Visit
from trainer.data import load
from trainer.negatives import masks
from trainer.negatives.made import Asked
from trainer.nets.net import build
from trainer.nets.rows import Labelled
from trainer.plan import Plan
from trainer.sampler import Sampler

IMAGES, SIDE = 7, 6
HYBRID = {"label_code.kind": "none", "competitors.kind": "hybrid_image", "readout": {"kind": "probe", "epochs": 2}}


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def flat_images(channels=2):
    """Image i is i everywhere."""
    return torch.arange(IMAGES, dtype=torch.float32)[:, None, None, None].expand(-1, SIDE, SIDE, channels)


def blurred(bits, blurs):
    """Each place: a quarter of both neighbours and half of itself, down and then across; at the edge itself again."""
    for _ in range(blurs):
        for axis in (0, 1):
            pad = np.pad(bits, [(1, 1) if a == axis else (0, 0) for a in (0, 1)], mode="edge")
            low, high = (np.take(pad, range(s, s + bits.shape[axis]), axis) for s in (0, 2))
            bits = low / 4 + bits / 2 + high / 4
    return bits


@pytest.mark.parametrize("blurs", [0, 1, 3])
def test_a_mask_is_blurred_bits_cut_at_one_half(blurs):
    found = masks.pool((5, SIDE), blurs, seeded(), count=20)
    bits = torch.randint(0, 2, (20, 1, 5, SIDE), generator=seeded())[:, 0].numpy().astype(float)
    assert found.dtype == torch.bool
    for mask, own in zip(found.numpy(), bits, strict=True):
        np.testing.assert_array_equal(mask, blurred(own, blurs) > 0.5)


def test_masks_show_half_of_each_image_in_blobs_that_grow():
    shares, alike = [], []
    for blurs in (0, 3, 12):
        found = masks.pool((28, 28), blurs, seeded(), count=400).float()
        shares.append(float(found.mean()))
        alike.append(float((found[:, 1:] == found[:, :-1]).float().mean()))
    assert all(abs(share - 0.5) < 0.05 for share in shares)
    assert abs(alike[0] - 0.5) < 0.02
    assert alike[0] + 0.2 < alike[1] < alike[2] - 0.05


def test_masks_are_picked_from_the_pool_all_turned_alike():
    pool = masks.pool((4, 4), 1, seeded(), count=5)
    rng, turns = seeded(), set()
    ways = {f"{t}{a}{b}": (t, a, b) for t in (0, 1) for a in (0, 1) for b in (0, 1)}
    for _ in range(60):
        found = masks.pick(pool, 6, rng)
        fits = {
            name
            for name, (turned, down, across) in ways.items()
            if all(
                any(torch.equal(mask, _turned(own, turned, down, across)) for own in pool) for mask in found
            )
        }  # fmt: skip
        assert fits
        turns |= fits
    assert turns == set(ways)


def _turned(mask, turned, down, across):
    mask = mask.flip(0) if down else mask
    mask = mask.flip(1) if across else mask
    return mask.T if turned else mask


def test_the_other_image_is_never_the_image_itself():
    rng = seeded()
    drawn = torch.stack([masks.another(IMAGES, rng) for _ in range(3000)])
    counts = torch.stack([torch.bincount(column, minlength=IMAGES) for column in drawn.T])
    assert counts.diagonal().sum() == 0
    assert counts[~torch.eye(IMAGES, dtype=torch.bool)].sub(500).abs().max() < 110
    shifts = {tuple((masks.shifted(IMAGES, rng) - torch.arange(IMAGES)).remainder(IMAGES).tolist()) for _ in range(99)}
    assert shifts == {(r,) * IMAGES for r in range(1, IMAGES)}
    assert masks.another(1, rng).tolist() == masks.shifted(1, rng).tolist() == [0]  # a batch of one has no other


def asked(x, rng, once=None):
    """A batch of images x (B, H, W, C) that wants negatives; `once` is what was drawn for the run."""
    y = torch.zeros(len(x), dtype=torch.long)
    where = torch.arange(len(x))
    return Asked(x, y, where, 10, rng, y, logits=None, once=lambda stream, draw: once, rolls=None)


def test_a_hybrid_is_blobs_of_the_image_and_of_one_other():
    rule, x = HybridImage(blurs=1), flat_images()
    stock = masks.pool((SIDE, SIDE), 1, seeded(), count=40)
    found = rule.spoilt(x, asked(x, seeded(1), stock))
    for own, image in enumerate(found):
        values = set(image.unique().tolist())
        assert own in values
        assert len(values) == 2
        assert torch.equal(image[..., 0], image[..., 1])  # one mask for all channels
        assert any(torch.equal(image[..., 0] == own, way) for mask in stock for way in _eight(mask))


def _eight(mask):
    return [_turned(mask, t, a, b) for t in (0, 1) for a in (0, 1) for b in (0, 1)]


def test_noise_has_the_level_asked_for():
    x = torch.rand(50, 20, 20, 1, generator=seeded())
    noise = Noise(level=0.5).spoilt(x, asked(x, seeded())) - x
    assert abs(float(noise.std() / x.std()) - 0.5) < 0.01
    assert abs(float(noise.mean())) < 0.01
    few = torch.tensor([0.0, 1.0, 1.0]).view(3, 1, 1, 1)  # whose deviation over all of them is √2/3
    drawn = torch.randn(few.shape, generator=seeded())
    assert torch.allclose(Noise(level=0.5).spoilt(few, asked(few, seeded())), few + drawn * 0.5 * 2**0.5 / 3)


def test_an_interpolation_and_a_pair_are_mixtures_of_two_images():
    x = flat_images()
    mixed = Interpolation(share=0.25).spoilt(x, asked(x, seeded()))
    other = masks.another(IMAGES, seeded())
    assert torch.allclose(mixed, 0.75 * x + 0.25 * other[:, None, None, None])
    pair = SelfContrast().spoilt(x, asked(x, seeded()))[:, 0, 0, 0]
    shift = {float(v) for v in (2 * pair - torch.arange(IMAGES)).remainder(IMAGES) - torch.arange(IMAGES)}
    assert len({value % IMAGES for value in shift}) == 1  # one for all of a batch


def made(changes, seed=0):
    """The sampler of a tiny config, and its net and data."""
    config = tiny.config(changes)
    data = load(config.data, "cpu", config.seed)
    net = build(config, data.info.shape, data.info.classes, 2.0, seeded(seed))
    return config, net, data, Sampler(net, data, config.seed)


def entering(piece):
    """The rows that the first layer gets."""
    return piece.flow.inlet(Visit(0))


def batch(data):
    index = torch.arange(50)
    return Batch(data.x_train[index].flatten(1), data.y_train[index], index)


@pytest.mark.parametrize("code", ["none", "overlay"])
def test_rows_pair_an_image_with_its_spoilt_self_under_the_same_label(code):
    config, net, data, sampler = made({**HYBRID, "label_code.kind": code})
    part = batch(data)
    (whole,) = sampler.pieces(config.competitors, part, seeded(), 2, None)
    spoilt = config.competitors.negatives(sampler._asked(config.competitors, part, seeded(), 2, None))
    coded = [
        (net.coder.plain(x) if code == "none" else net.coder.labelled(x, part.y[None])).dense()
        for x in (part.x, spoilt.x)
    ]
    assert torch.equal(entering(whole).dense(), torch.cat(coded))
    assert whole.task.index(whole.task.row(torch.rand(100, 1))).tolist() == [0] * 50
    sampler._net = replace(net, piece=20)
    pieces = list(sampler.pieces(config.competitors, part, seeded(), 2, None))
    assert [len(piece.task.y) for piece in pieces] == [20, 20, 10]
    rows = [entering(piece).dense().view(2, len(piece.task.y), -1) for piece in pieces]
    assert torch.equal(torch.cat(rows, 1).flatten(0, 1), entering(whole).dense())


def test_dropout_drops_the_same_pixels_of_both_images_and_never_the_label():
    config, _, data, sampler = made({**HYBRID, "label_code.kind": "overlay"})
    (piece,) = sampler.pieces(config.competitors, batch(data), seeded(), 2, None)
    assert isinstance(entering(piece), Labelled)
    mask = (torch.rand(50, 64, generator=seeded()) < 0.5).float()
    mask[:, :10] = 1
    expected = entering(piece).dense() * mask.repeat(2, 1)
    assert torch.equal(entering(piece).dropped(mask).dense(), expected)


def test_labels_are_judged_by_the_first_layer_or_by_all_of_them():
    config, net, data, sampler = made({"competitors.kind": "hard_wrong_label"})
    part = batch(data)
    logits = sampler._asked(config.competitors, part, seeded(), 2, None).logits
    first, second = (
        layer.scores(h).view(10, -1).T for layer, h in net.climb(net.coder.every_label(part.x), len(net.layers))
    )
    assert torch.allclose(logits("first"), first)
    assert torch.allclose(logits("all"), first + second)


def test_losses_are_means_over_all_readings_of_a_batch():
    changes = {"architecture": {"kind": "recurrent", "hidden": [12, 8], "ticks": 5, "score_ticks": 3}}
    config, net, data, sampler = made({**changes, "architecture.hidden": None, "label_code.kind": "top"})
    (piece,) = sampler.pieces(config.competitors, batch(data), seeded(), 2, None)
    assert (net.readings, piece.task.count) == (3, 150)


def test_masks_depend_on_the_seed_alone():
    one, same, other = (made({**HYBRID, "seed": seed})[3] for seed in (1, 1, 2))

    def drawn(sampler):
        part = batch(sampler._data)
        pool = partial(masks.pool, (8, 8), 3)
        return sampler._asked(HybridImage(), part, seeded(), 2, None).once("MASKS", pool)

    assert torch.equal(drawn(one), drawn(one))
    assert torch.equal(drawn(one), drawn(same))
    assert not torch.equal(drawn(one), drawn(other))


def test_without_labels_nothing_is_said_before_the_readout_has_learnt(tmp_path):
    """Layers learn from changed images, the readout from the images as they are, and it moves no layer."""
    shifted = {**HYBRID, "data.augment": "shift"}
    stored = tiny.train(tiny.config(shifted), tmp_path / "two")
    longer = tiny.train(tiny.config({**shifted, "readout": {"kind": "probe", "epochs": 4}}), tmp_path / "four")
    assert tiny.same(stored, longer)
    assert not torch.equal(stored["head"]["weight.0"], longer["head"]["weight.0"])
    points = tiny.events(tmp_path / "two", "metrics")
    said = {True: set(), False: set()}
    for point in points:
        said[point["epoch"] > 3] |= set(point["values"])
    assert "layers/1/gap" in said[False]
    assert not {name for name in said[False] if "accuracy" in name}
    assert {"test/accuracy", "train/accuracy", "layers/1/probe_accuracy"} <= said[True]
    assert not {name for name in said[True] if name.endswith("/accuracy") and name.startswith("layers")}


def test_a_readout_afterwards_sees_images_as_they_are():
    config = tiny.config({**HYBRID, "data.augment": "shift"})
    data = load(config.data, "cpu", 0)
    plan = Plan(config.phases(), 200, 50)
    batches = Batches(data.x_train, data.y_train, plan, 0, augment="shift")
    first, last = (batches.draw(plan.step(number), seeded()) for number in (1, plan.total))
    own = [data.x_train.flatten(1)[drawn.index] for drawn in (first, last)]
    assert not torch.equal(first.x, own[0])
    assert torch.equal(last.x, own[1])
