"""Text: windows as rows, what the net writes itself, and that head and net keep out of each other's way."""

from __future__ import annotations

import random

import pytest
import torch

from tests.trainer import tiny
from tests.trainer.tiny import StopAt
from trainer.axes.competitors import Rollout
from trainer.data import load
from trainer.errors import ConfigError, Stopped
from trainer.loop import learn
from trainer.negatives.rolls import Rolls
from trainer.nets.head import Head
from trainer.nets.net import build
from trainer.recorder import Recorder
from trainer.rundir import RunDir
from trainer.session import Session
from trainer.stopping import Stop

SYMBOLS, WINDOW = 30, 10
WORDS = ("the", "fox", "and", "a", "crow", "met;", "who", "ran,", "saw", "cheese")
TEXT = {
    "data.name": "text:small",
    "label_code.kind": "next",
    "competitors": {"kind": "hard_wrong_label", "from": "head", "sharpness": 1.0, "allow_true": True},
    "readout.kind": "softmax",
}
ROLLOUT = {**TEXT, "label_code.kind": "none", "competitors": {"kind": "rollout", "rolls": 12, "length": 15}}


@pytest.fixture(scope="module", autouse=True)
def _text(tmp_path_factory):
    folder, chance = tmp_path_factory.mktemp("texts"), random.Random(0)
    words = [" ".join(chance.choices(WORDS, k=16)) for _ in range(30)]
    (folder / "small.txt").write_text("\n\n".join(words))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FFWEB_DATASETS", str(folder))
        yield


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def made(changes):
    config = tiny.config(changes)
    data = load(config.data, "cpu", 0)
    net = build(config, data.info.shape, data.info.classes, 1.0, seeded())
    return config, data, net


def codes(rows):
    """Characters of one-hot windows (N, W·30), by number."""
    assert torch.equal(rows.view(len(rows), -1, SYMBOLS).sum(2), torch.ones(len(rows), rows.shape[1] // SYMBOLS))
    return rows.view(len(rows), -1, SYMBOLS).argmax(2)


def test_a_candidate_moves_the_window_on_and_stands_last_and_neutral_is_the_window():
    _, data, net = made(TEXT)
    x = data.x_train[:5].flatten(1)
    window, labels = codes(x), torch.arange(10).view(2, 5)
    rows = codes(net.coder.labelled(x, labels).dense())
    expected = torch.cat([torch.cat([window[:, 1:], own[:, None]], 1) for own in labels])
    assert torch.equal(rows, expected)
    assert torch.equal(codes(net.coder.neutral(x).dense()), window)


def test_rolls_begin_with_real_windows_and_go_on_as_the_head_says():
    config, data, net = made(ROLLOUT)
    head = Head(config.readout, net)
    head.weights[0][:, -1] = torch.arange(SYMBOLS) * -5.0  # a head that says "a" nearly always
    rolls = Rolls(Rollout(rolls=12, length=15), data, head)
    rolls.renew(seeded())
    real = {tuple(window.tolist()) for window in codes(data.x_train.flatten(1))}
    assert all(tuple(roll[:WINDOW].tolist()) in real for roll in rolls.text)
    written = rolls.text[:, WINDOW:]
    assert float((written == 0).float().mean()) > 0.95
    x, y = rolls.draw(40, seeded(1))
    windows = {(*roll[at : at + WINDOW].tolist(), int(roll[at + WINDOW])) for roll in rolls.text for at in range(15)}
    assert {(*own.tolist(), int(after)) for own, after in zip(codes(x), y, strict=True)} <= windows


def test_what_the_net_writes_looks_as_the_data_set_does():
    config, data, net = made({**ROLLOUT, "data.standardise": "dataset"})
    rolls = Rolls(Rollout(rolls=12, length=15), data, Head(config.readout, net))
    real = data.x_train[:7]
    assert float(data.mean.abs().max()) > 0
    assert torch.allclose(rolls._images(real.squeeze(1).argmax(-1)), real.flatten(1), atol=1e-6)


def test_each_character_is_drawn_by_the_chances_of_the_window_before_it():
    config, data, net = made(ROLLOUT)
    head = Head(config.readout, net)
    head.weights[0].normal_(0, 0.3, generator=seeded())
    rolls = Rolls(Rollout(rolls=4000, length=1), data, head)
    rolls.renew(seeded(1))
    x = torch.nn.functional.one_hot(rolls.text[:, :WINDOW], SYMBOLS).float().flatten(1)
    expected = next(iter(head.answers(x)[0].values())).exp().mean(0)
    shares = torch.bincount(rolls.text[:, WINDOW], minlength=SYMBOLS) / 4000
    assert (shares - expected).abs().max() < 0.025


@pytest.mark.parametrize("changes", [ROLLOUT, TEXT], ids=["rollout", "guess"])
def test_a_text_run_stopped_in_between_ends_as_one_that_never_stopped(tmp_path, changes):
    config = tiny.config({**changes, "data.valid_size": 30})
    whole = tiny.train(config, tmp_path / "whole")
    chance, out, resume = random.Random(1), tmp_path / "parts", False
    while True:
        try:
            parts = tiny.train(config, out, StopAt(out, chance.randrange(8, 20)), resume=resume)
            break
        except Stopped:
            resume = True
    assert resume
    assert tiny.same(whole, parts)
    assert all(torch.equal(value, parts["head"][name]) for name, value in whole["head"].items())
    assert tiny.points(tmp_path / "whole") == tiny.points(out)
    logs = [event["text"] for event in tiny.events(out, "log")]
    assert sum("counting characters alone" in text for text in logs) == 1
    last = tiny.events(out, "metrics")[-1]["values"]
    assert {"test/perplexity", "valid/perplexity"} <= set(last)
    assert 1 < last["test/perplexity"] < 2 * SYMBOLS


def session(tmp_path, changes):
    config = tiny.config(changes)
    folder = RunDir(tmp_path).create()
    data = load(config.data, "cpu", 0)
    device = torch.device("cpu")
    run = Session(config, data, folder=folder, recorder=Recorder(folder), stop=Stop(folder), device=device)
    for layer in run.net.layers:
        layer.wake()
    return run


def test_the_head_learns_by_cross_entropy_alone_and_moves_no_layer(tmp_path):
    """One step against autograd; then: another objective, another head, and the other side stays as it was."""
    changes = {**TEXT, "readout": {"kind": "softmax", "lr": 0.01}}
    run = session(tmp_path / "one", changes)
    step = run.plan.step(1)
    batch = run.batches.draw(step, seeded())
    features = torch.cat(list(run.head.read(batch.x).values()), 1)
    weight = torch.zeros(SYMBOLS, features.shape[1] + 1, requires_grad=True)
    rows = torch.cat([features, features.new_ones(len(features), 1)], 1)
    loss = torch.nn.functional.cross_entropy(rows @ weight.T, batch.y)
    loss.backward()
    run.head.study(batch.x, batch.y, len(batch.y))
    assert torch.allclose(run.head._grads[0], weight.grad, atol=1e-7)

    fresh = {"competitors": {"kind": "wrong_label"}, "data.name": "digits", "label_code.kind": "overlay"}
    heads, nets = [], []
    for number, other in enumerate(
        ({}, {"objective.kind": "symba"}, {"readout.lr": 0.5}, {"readout.kind": "candidates"})
    ):
        run = session(tmp_path / str(number), {**TEXT, **fresh, **other})
        for n in (1, 2):
            learn(run, run.plan.step(n), run.batches.draw(run.plan.step(n), run.rng))
            heads.append(run.head.weights[0].clone() if run.head else None)
        nets.append(torch.cat([layer.buffer.flat for layer in run.net.layers]))
    assert torch.equal(heads[0], heads[2])  # after one step: the layers were the same
    assert not torch.equal(heads[1], heads[3])
    assert torch.equal(nets[0], nets[2])
    assert torch.equal(nets[0], nets[3])
    assert not torch.equal(nets[0], nets[1])


def test_what_does_not_fit_a_text_is_refused_with_what_would(tmp_path):
    refused = [
        ({**TEXT, "label_code.kind": "none", "competitors": {"kind": "hybrid_image"}}, "hard_wrong_label, or rollout"),
        ({**ROLLOUT, "data.name": "digits"}, "hybrid_image needs no label"),
        ({**ROLLOUT, "readout.kind": "candidates"}, "no head that could write"),
        ({**ROLLOUT, "readout": {"kind": "softmax", "epochs": 2}}, "no head that could write"),
    ]
    for number, (changes, sentence) in enumerate(refused):
        with pytest.raises(ConfigError, match=sentence):
            tiny.train(tiny.config(changes), tmp_path / str(number))
