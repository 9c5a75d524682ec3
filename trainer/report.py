"""What a run says of a step: the points of the charts, the accuracies, the figures. Nothing here changes a weight."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch

from trainer import figures
from trainer.axes.precision import of_kind
from trainer.axes.readout import AnyChooser
from trainer.errors import Stopped
from trainer.evaluate import Judgement, Sweep, judge
from trainer.gauges import of_weights
from trainer.metrics import layer as series
from trainer.nets.layer import READING
from trainer.words import plural

if TYPE_CHECKING:
    from trainer.axes.precision import AnyPrecision
    from trainer.nets.net import Net
    from trainer.plan import Step
    from trainer.session import Session

FIGURE_SECONDS = 2.0
SAMPLE_SECONDS = 0.5
COMPARED = 1000
"""Test images on which a shortcut of evaluation is compared with the long way."""


def report(run: Session, step: Step) -> None:
    """Write the point of this step, if one is due. Raises Diverged, or Stopped in the middle of an evaluation."""
    run.progress(step.phase.name, force=False)
    if step.ends_epoch:
        run.ledger.fold(run.clock, run.counters)
        run.ledger.close_epoch(step.epoch + 1)
    if not run.logs(step):
        return
    values = _apart(run, step) if run.evaluates(step) else {}
    began = time.perf_counter()
    run.ledger.fold(run.clock, run.counters)
    learnt, bad = _learnt(run, step)
    values |= learnt | run.ledger.values() | _measured(run)
    run.recorder.metrics(run.counters, values)
    run.log_seconds = time.perf_counter() - began
    if bad:
        raise run.diverged(*bad)
    if "test/accuracy" in values:
        run.recorder.log(_line(run, values))


def _apart(run: Session, step: Step) -> dict[str, float]:
    """What an evaluation says, whose memory is not the training's, and how far that rose until now."""
    with run.meters.apart():
        return _evaluated(run, step) | run.meters.rise()


def _evaluated(run: Session, step: Step) -> dict[str, float]:
    """Accuracies on the test images, the validation images and a sample of the training images."""
    began = time.perf_counter()
    trained, answers = run.trained(step), run.answers(step)
    if not answers and not run.sweeps:
        return {}
    try:
        test = judge_test(run, trained)
        values = _accuracies(test, "test/accuracy", "accuracy") | _agreements(run, trained, test)
        values |= {series(layer + 1, "probe_accuracy"): value for layer, value in test.probe_accuracy().items()}
        if test.sweep_accuracy is not None:
            values["test/sweep_accuracy"] = test.sweep_accuracy
        if run.data.info.kind == "text":
            values["test/perplexity"] = test.perplexity
        if step.number == run.plan.total:
            values |= _severed(run, trained)
        sample = judge_images(run, run.data.x_train[run.sample], run.data.y_train[run.sample], trained)
        values |= _accuracies(sample, "train/accuracy", "train_accuracy")
        if len(run.data.y_valid):
            values |= _held_out(run, trained)
    except Stopped:
        run.pending = True
        run.save()
        raise
    run.pending = False
    if not answers:
        values = {name: value for name, value in values.items() if not _of_the_head(name)}
    elif time.monotonic() - run.drawn_at >= FIGURE_SECONDS:
        draw(run, test)
    values["time/evaluate"] = time.perf_counter() - began
    return values


def _of_the_head(name: str) -> bool:
    """Whether a series says what a head answers, where there is one."""
    part, _, kind = name.partition("/")
    answered = part in ("test", "valid", "train") and kind in ("accuracy", "perplexity")
    return answered or name.endswith("probe_accuracy")


def _held_out(run: Session, trained: int) -> dict[str, float]:
    """What the validation images say."""
    valid = judge_images(run, run.data.x_valid, run.data.y_valid, trained)
    text = {"valid/perplexity": valid.perplexity} if run.data.info.kind == "text" else {}
    return {"valid/accuracy": valid.accuracy} | text


def _agreements(run: Session, trained: int, test: Judgement) -> dict[str, float]:
    """How often a shortlist of labels, and readings in fewer bits, answer some test images as the long way does."""
    sample, found = slice(0, COMPARED), dict[str, float]()
    x, y = run.data.x_test[sample], run.data.y_test[sample]
    short = test.total if test.swept is None else test.swept
    if test.swept is not None and getattr(run.config.readout, "shortlist", None):
        whole = judge_images(run, x, y, trained, sweep="all").swept
        found["test/shortlist_agreement"] = _alike(short[sample], whole)
    if test.scores and run.config.evaluate.precision != READING.kind:
        exact = judge_images(run, x, y, trained, precision=READING)
        found["test/rounding_agreement"] = _alike(short[sample], exact.total if exact.swept is None else exact.swept)
    return found


def _alike(scores: torch.Tensor, others: torch.Tensor | None) -> float:
    """Share of the images to which both (N, K) give the same answer."""
    assert others is not None
    return int((scores.argmax(1) == others.argmax(1)).sum()) / len(scores)


def _severed(run: Session, trained: int) -> dict[str, float]:
    """Test accuracy with something cut, by what that shows."""
    x, y = run.data.x_test, run.data.y_test
    return {
        f"test/accuracy_{name}": judge_images(run, x, y, trained, net).accuracy for name, net in run.net.severed.items()
    }


def judge_test(run: Session, trained: int) -> Judgement:
    """Scores of the test images. Raises Stopped when somebody asks for it meanwhile."""
    return judge_images(run, run.data.x_test, run.data.y_test, trained)


def judge_images(
    run: Session,
    x: torch.Tensor,
    y: torch.Tensor,
    trained: int,
    net: Net | None = None,
    *,
    sweep: Sweep = "asked",
    precision: AnyPrecision | None = None,
) -> Judgement:
    """Scores of images x with labels y, by the run's net or another. Raises Stopped when somebody asks for it."""
    readout, numbers = run.config.readout, precision or of_kind(run.config.evaluate.precision)

    def tick() -> None:
        run.stop.check()
        run.progress("evaluate", force=False)

    def answers(x: torch.Tensor, y: torch.Tensor) -> Judgement:
        images, asked = (x, y), net or run.net
        return judge(asked, readout, run.head, images, trained=trained, tick=tick, sweep=sweep, precision=numbers)

    if not isinstance(readout, AnyChooser):
        return answers(x, y)
    if run.chosen is None or run.chosen[0] != run.counters.step:
        run.chosen = run.counters.step, answers(run.data.x_valid, run.data.y_valid).best(readout)
    return answers(x, y).by(readout, run.chosen[1])


def _accuracies(judgement: Judgement, total: str, by_layer: str) -> dict[str, float]:
    layers = {series(layer + 1, by_layer): value for layer, value in judgement.layer_accuracy().items()}
    return {total: judgement.accuracy} | layers


def draw(run: Session, test: Judgement) -> None:
    """Store confusion, separation and mistakes as they are now."""
    step, record = run.counters.step, run.recorder.figure
    record("confusion", step, figures.confusion(test, run.data.labels), f"{test.accuracy:.2%} right")
    for layer in test.scores:
        theta = getattr(run.net.layers[layer].rules.objective, "theta", None)
        content = figures.separation(test, layer, theta)
        record(f"separation-{layer + 1}", step, content, f"{content['ordered']:.2%} of pairs in the right order")
    if run.data.info.kind == "image":
        content = figures.mistakes(test, run.data)
        record("mistakes", step, content, plural(len(content["items"]), "image"))
    run.drawn_at = time.monotonic()


def _learnt(run: Session, step: Step) -> tuple[dict[str, float], tuple[int, int] | None]:
    """The layers' means since the last point; and (step, layer) of the first loss that was no number."""
    sums = run.gauges.read()
    values: dict[str, float] = {}
    losses = []
    for index in step.phase.layers:
        layer, total = run.net.layers[index], sums[index]
        if total.images:
            losses.append(total.loss / total.images)
            values[series(index + 1, "loss")] = losses[-1]
            if layer.rules.goodness.gives == "reading" or run.config.at(index + 1).scope.local:
                values |= _of_layer(index, total.parted())
        values |= _of_layer(index, of_weights(layer))
    for index, share in run.gauges.dead_units().items():
        values |= _of_layer(index, {"dead_units": share})
    if losses:
        values["train/loss"] = sum(losses)
    values["learning_rate"] = run.learning_rate(step)
    return values, run.gauges.first_bad()


def _of_layer(index: int, values: Mapping[str, float]) -> dict[str, float]:
    """Values of a layer (from 0) under the names of its series."""
    return {series(index + 1, name): value for name, value in values.items()}


def _measured(run: Session) -> dict[str, float]:
    """What the machine says; what is slow to ask, twice a second, and the layers' bytes when they have changed."""
    values = {"time/e2e": run.e2e_seconds, "time/log": run.log_seconds}
    if time.monotonic() - run.sampled_at >= SAMPLE_SECONDS:
        run.sampled_at = time.monotonic()
        values |= run.meters.sample()
        run.anonymous_peak = max(run.anonymous_peak, values.get("memory/anonymous", 0.0))
        if "energy/total" in values:
            values["energy/total"] += run.energy_before
    else:
        values |= run.meters.fast()
    if run.data.download_seconds:
        values["time/download"] = run.data.download_seconds
    if not run.memory_shown:
        run.memory_shown = True
        for index, layer in enumerate(run.memory(), 1):
            values |= {series(index, f"memory/{part}"): float(count) for part, count in layer.items()}
    return values


def _line(run: Session, values: dict[str, float]) -> str:
    """One line an evaluation: epoch, accuracy, gaps, seconds."""
    gaps = [f"L{name.split('/')[1]} {value:.3g}" for name, value in values.items() if name.endswith("/gap")]
    parts = [
        f"epoch {run.counters.epoch:g} of {run.plan.epochs}",
        f"test accuracy {100 * values['test/accuracy']:.2f} %",
    ]
    if gaps:
        parts.append(f"gap {', '.join(gaps)}")
    return " · ".join([*parts, f"{run.counters.train_seconds:.1f} s of training"])
