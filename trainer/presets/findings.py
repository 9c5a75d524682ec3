"""What was found with this repository: each claim with the runs that anybody can repeat to see it. Imports no torch.

`python -m trainer reproduce --findings` runs the cases; docs/findings.md and the page /methods show their figures as
measured.json has them, and leave out a finding that has a case without one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from trainer.presets import find
from trainer.presets.measured import Row, current
from trainer.presets.summary import Summary, summary


@dataclass(frozen=True)
class Case:
    """One line of a finding: a preset, with changes, and what to call it there."""

    words: str
    preset: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    """Dotted, as `--set` takes them."""


@dataclass(frozen=True)
class Finding:
    """A claim and its cases, which share data and budget unless the text says otherwise."""

    slug: str
    title: str
    text: str
    limits: str
    """What these runs do not show."""
    metric: str
    """What the cases are compared by: a series, or test/error."""
    cases: tuple[Case, ...]


def measured(finding: Finding, rows: Sequence[Row]) -> list[Summary] | None:
    """What each case came to; None where one has not been run as it stands."""
    found = [figures(finding, case, rows) for case in finding.cases]
    return [one for one in found if one] if all(found) else None


def figures(finding: Finding, case: Case, rows: Sequence[Row]) -> Summary | None:
    """What one case came to."""
    return summary(current(find(case.preset), rows, dict(case.changes)), finding.metric)


_SWISH: dict[str, Any] = {"objective.kind": "swish_symba", "objective.alpha": 6}
_THRESHOLD: dict[str, Any] = {"objective.kind": "threshold", "objective.theta": 1, "objective.slope": 1}
_SHORT: dict[str, Any] = {"architecture.hidden": [1000, 1000, 1000], "schedule.epochs": 3}
_THREE: dict[str, Any] = {"architecture.hidden": [500, 500, 500], "schedule.epochs": 8}
_WIDE: dict[str, Any] = {"architecture.hidden": [500, 500]}
_LOW: dict[str, Any] = {**_THRESHOLD, "objective.theta": 2}

FINDINGS: tuple[Finding, ...] = (
    Finding(
        slug="pairs",
        title="The bounded loss of a pair is what makes recurrent FF work",
        text="One net, one budget, two losses. The threshold loss asks each goodness on its own to be above or below "
        "θ; Swish-SymBa asks only that the true label’s goodness is ahead of the wrong one’s, and lets go of pairs "
        "that are far enough apart. With the first the net ends behind its own frozen start, and its second layer "
        "says less than the first.",
        limits="Three epochs and one θ; a slope of the threshold loss as in Hinton’s recipe was not tried here.",
        metric="test/error",
        cases=(
            Case("threshold θ = 1", "ff-recurrent-threshold-mnist"),
            Case("Swish-SymBa, the same net", "ff-recurrent-threshold-mnist", _SWISH),
            Case("Swish-SymBa, wider and longer", "ff-recurrent-mnist"),
        ),
    ),
    Finding(
        slug="without-labels",
        title="The same holds without labels: with the threshold loss the features are no better than random ones",
        text="Real images against patched ones, three epochs, and a softmax on all layers to see what the features are "
        "worth. The frozen net beside them is the bar, and a high one.",
        limits="Three epochs and one θ; a steeper threshold loss was not tried here.",
        metric="test/error",
        cases=(
            Case("threshold θ = 1", "ff-unsupervised-mnist", {**_SHORT, **_THRESHOLD}),
            Case("Swish-SymBa", "ff-unsupervised-mnist", _SHORT),
            Case("Swish-SymBa, wider and longer", "ff-unsupervised-mnist"),
        ),
    ),
    Finding(
        slug="sums",
        title="A readout that adds up the layers hides dead ones",
        text="Three layers under the threshold loss on the mean of squares: the sum of their goodness answers as well "
        "as the first layer alone, and nobody sees that the third is wrong for more than a third of the images. That "
        "is why every chart here shows each layer by itself.",
        limits="One net and one threshold; other slopes keep the deeper layers alive.",
        metric="test/error",
        cases=(
            Case("threshold θ = 2", "swish-mnist", {**_THREE, **_LOW}),
            Case("Swish-SymBa", "swish-mnist", _THREE),
        ),
    ),
    Finding(
        slug="label-plane",
        title="Where the label enters decides whether the first blocks of a conv net learn",
        text="Ten label pixels touch the first row of a map, so a goodness that is a mean over the whole map hardly "
        "notices them; a plane puts the label under every filter. Under the threshold loss with unit length neither "
        "is enough. Under Swish-SymBa with batch norm both learn, but with the pixels the first two blocks stay near "
        "chance and the net far behind its frozen self, until what they let through has spread over the map.",
        limits="Short runs on one net each. After one epoch the form with the plane is level with its frozen net, no "
        "better: the preset in full says whether it gets ahead.",
        metric="test/accuracy",
        cases=(
            Case("as it failed: ten pixels, threshold, unit length", "ff-cnn-kesanapalli-mnist"),
            Case("that with a plane", "ff-cnn-kesanapalli-mnist", {"label_code.kind": "pattern"}),
            Case(
                "ten pixels, Swish-SymBa, batch norm",
                "ff-cnn-mnist",
                {"schedule.epochs": 1, "label_code.kind": "overlay"},
            ),
            Case("that with a plane", "ff-cnn-mnist", {"schedule.epochs": 1}),
        ),
    ),
    Finding(
        slug="rollout",
        title="Text that the net wrote itself is too easy a negative",
        text="What stands against a window of the fables: the same window with the last character as the net would "
        "guess it, or a window of text that the net has written. The second can be told apart without any feature "
        "that helps to name the next character: what it teaches is no better than what random layers know.",
        limits="One way to roll out: 1600 seeds an epoch, 90 characters each. Counting 5-grams beats all of them.",
        metric="test/perplexity",
        cases=(
            Case("the last character guessed", "ff-aesop"),
            Case("rolled-out text", "ff-aesop-rollout"),
        ),
    ),
    Finding(
        slug="true-labels",
        title="One true label in ten among the negatives costs nothing in the long run",
        text="The well-known public code shuffles the labels once, so that about one “wrong” label in ten is right. "
        "Strictly wrong labels end at the same accuracy.",
        limits="One recipe, full batch; with small batches and few epochs it was not tried.",
        metric="test/accuracy",
        cases=(
            Case("as published: shuffled once, one in ten is true", "ff-pezeshki-mnist"),
            Case(
                "strictly wrong, drawn anew each epoch",
                "ff-pezeshki-mnist",
                {"competitors.allow_true": False, "competitors.fixed": False},
            ),
        ),
    ),
    Finding(
        slug="head",
        title="A longer run sweeps better and answers worse in one pass",
        text="Hinton’s recipe twice: 20 epochs with a falling rate, and 40 of which 20 at the full rate. Trying every "
        "label gets better with the longer run. The softmax that answers under a neutral label gets worse, although "
        "it knows the training set by heart, and is then no better than one that reads the same layers frozen: perhaps "
        "the features come to expect a label.",
        limits="One label strength and one dropout.",
        metric="test/error",
        cases=(
            Case("20 epochs, falling from the first step", "ff-hinton-mnist"),
            Case(
                "40 epochs, falling after half",
                "ff-hinton-mnist",
                {"schedule.epochs": 40, "optimiser.curve.begin": 0.5},
            ),
        ),
    ),
    Finding(
        slug="digits",
        title="On images of 8 × 8 pixels wide frozen layers are as good; narrow ones are not",
        text="Hundreds of units left at random, and a softmax that reads them, know small digits as well as layers "
        "that have learnt, by any rule: a figure near 98 % says nothing about features there. With 30 units a layer, "
        "what the layers learn decides.",
        limits="360 test images: two standard errors are about two points at 98 %, four between 97 and 91 %.",
        metric="test/accuracy",
        cases=(
            Case("Forward-Forward, 30 units", "ff-digits"),
            Case("Mono-Forward, 30 units", "mono-forward-digits"),
            Case("backprop, 30 units", "backprop-digits"),
            Case("Forward-Forward, 500 units", "ff-digits", _WIDE),
            Case("Mono-Forward, 500 units", "mono-forward-digits", _WIDE),
            Case("backprop, 500 units", "backprop-digits", _WIDE),
        ),
    ),
    Finding(
        slug="trifecta",
        title="Each of the Trifecta’s repairs helps, pairs most; in a short run all stay behind the frozen net",
        text="The authors’ ablation, small: six blocks with a quarter of the channels, 10,000 images of CIFAR-10, 20 "
        "epochs, three seeds. The paired loss alone adds a little, batch norm or overlapping pairs add much more, all "
        "three most, as in their slides; but there batch norm adds more than pairs, here it is the other way round. "
        "Only with pairs or batch norm is the last block better than the first. After so short a training the same net "
        "with frozen blocks and a trained readout is well ahead of every form, and the net trained by backprop far "
        "ahead.",
        limits="A fifth of their epochs and images, a quarter of the channels, batches of 128 and a falling rate. "
        "Higher rates were tried for all three together and did not help.",
        metric="test/accuracy",
        cases=(
            Case("none: threshold θ = 2, layer norm, each block alone", "trifecta-ablation-vanilla"),
            Case("SymBa", "trifecta-ablation-symba"),
            Case("SymBa and batch norm", "trifecta-ablation-symba-bn"),
            Case("SymBa and overlapping pairs", "trifecta-ablation-symba-apl"),
            Case("all three", "trifecta-ablation-all"),
        ),
    ),
)
