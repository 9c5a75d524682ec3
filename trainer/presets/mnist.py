"""Presets on MNIST. Imports no torch."""

from __future__ import annotations

from trainer.presets.base import Preset, Published, Target
from trainer.presets.parts import BRIGHTEST, EPS_OF_HALF, LIKELY, OF_DAH33, dropout, falling, joint, mlp
from trainer.presets.parts import MNIST as SET

MNIST = (
    Preset(
        name="ff-fast-mnist",
        title="Forward-Forward on MNIST, fast",
        summary="The best short recipe we know for two layers of 500: RMS rows, Swish-SymBa and hard wrong labels, "
        "with a learning rate that falls to 0.",
        source="dah33/explore_forward_forward (objective, hard negatives); settings chosen on a validation split",
        published=None,
        minutes=2.0,
        config={
            "name": "FF on MNIST, fast",
            "data": {"name": "mnist", "standardise": "dataset"},
            "label_code": {"kind": "overlay", "strength": "max"},
            "competitors": {"kind": "hard_wrong_label", "from": "first", "sharpness": 6.0},
            "objective": {"kind": "swish_symba", "alpha": 3.0},
            "schedule": {"kind": "joint", "epochs": 20, "batch_size": 256},
            "optimiser": {"kind": "adam", "lr": 0.004, "curve": {"kind": "linear"}},
            "metrics": {"every_steps": 20},
        },
        method="swish-symba",
        differs=OF_DAH33,
    ),
    Preset(
        name="symba-mnist",
        title="SymBa on MNIST",
        summary="Two layers of 500 and a loss of the gap alone, against wrong labels that layer 1 finds likely; a "
        "little dropout, which pays in long runs.",
        source="Lee and Song 2023, arXiv 2303.08418 (objective); settings chosen on a validation split",
        published=Published(
            98.58, "% accuracy", "test", "an MLP, as other papers tabulate it; net, epochs and augmentation not stated"
        ),
        minutes=5.0,
        config={
            "name": "SymBa on MNIST",
            "data": SET,
            "label_code": BRIGHTEST,
            "competitors": LIKELY,
            "objective": {"kind": "symba", "alpha": 4.0},
            "schedule": joint(60),
            "optimiser": falling(0.004),
            "regulariser": dropout(0.1, 0.1),
            "evaluate": {"every_epochs": 2},
            "metrics": {"every_steps": 50},
        },
        method="symba",
        target=Target(0.016, "test/error", "down"),
    ),
    Preset(
        name="swish-mnist",
        title="Swish-SymBa on MNIST",
        summary="As ff-fast-mnist, three times as long: pairs that are far enough apart are left alone.",
        source="dah33/explore_forward_forward (objective, hard negatives); settings chosen on a validation split",
        published=Published(
            1.7,
            "% error",
            "test",
            "its README, 1.65 to 1.7: two layers of 500, 60 epochs in batches of 4096, unit length",
        ),
        minutes=4.5,
        config={
            "name": "Swish-SymBa on MNIST",
            "data": SET,
            "label_code": BRIGHTEST,
            "competitors": LIKELY,
            "objective": {"kind": "swish_symba", "alpha": 3.0},
            "schedule": joint(60),
            "optimiser": falling(0.004),
            "evaluate": {"every_epochs": 2},
            "metrics": {"every_steps": 50},
        },
        method="swish-symba",
        target=Target(0.017, "test/error", "down"),
        differs=OF_DAH33,
    ),
    Preset(
        name="ff-fast-mnist-3x1000",
        title="Forward-Forward on MNIST, three layers of 1000, fast",
        summary="Swish-SymBa against likely wrong labels, some pixels dropped, and a softmax head on layers 2 and 3 "
        "that answers in one pass, without trying every label.",
        source="Hinton 2022 (head under the neutral label); dah33/explore_forward_forward (objective, hard negatives); "
        "settings chosen on a validation split",
        published=None,
        minutes=3.0,
        config={
            "name": "FF on MNIST, 3 × 1000, fast",
            "data": SET,
            "architecture": mlp(1000, 1000, 1000),
            "label_code": {"kind": "overlay", "strength": 4.0},
            "competitors": LIKELY,
            "objective": {"kind": "swish_symba", "alpha": 4.0},
            "schedule": joint(11),
            "optimiser": falling(0.003),
            "regulariser": dropout(0.0, 0.15),
            "readout": {"kind": "softmax", "layers": "skip_first", "lr": 0.002},
            "metrics": {"every_steps": 20},
        },
        method="hard-negatives",
        target=Target(0.015, "test/error", "down"),
        differs=OF_DAH33,
    ),
    Preset(
        name="ff-hinton-mnist",
        title="Forward-Forward on MNIST, in Hinton's manner",
        summary="Three layers of 1000 under the paper's threshold loss, wrong labels drawn by what the softmax head "
        "believes, a light peer normalisation. The slope of 20 on the mean lies between mean and sum of the squares. A "
        "longer run at a constant rate sweeps better and answers worse in one pass.",
        source="Hinton 2022 and its Matlab code (method); slope, rate and label strength chosen on a validation split",
        published=Published(
            1.36, "% error", "test", "the paper, as loeweX/Forward-Forward quotes it beside 1.47 for the Matlab code"
        ),
        minutes=9.0,
        config={
            "name": "FF on MNIST, in Hinton's manner",
            "data": SET,
            "architecture": mlp(1000, 1000, 1000),
            "label_code": {"kind": "overlay", "strength": 6.0},
            "competitors": {"kind": "hard_wrong_label", "from": "head", "sharpness": 1.0},
            "objective": {"kind": "threshold", "theta": 1.0, "slope": 20.0},
            "schedule": joint(20),
            "optimiser": falling(0.001),
            "regulariser": {"input_dropout": 0.1, "peer": 0.0002},
            "readout": {"kind": "softmax", "layers": "skip_first", "lr": 0.002},
            "evaluate": {"every_epochs": 2},
            "metrics": {"every_steps": 50},
        },
        method="peer-normalisation",
        target=Target(0.018, "test/error", "down"),
        differs="Hinton's Matlab code takes the sum of squares with θ at the width, SGD at 0.01 on averaged "
        "gradients (0.005 here, where the loss is twice as large) with a decay of 0.001 (0.002 here), peer "
        "normalisation of 0.03 (0.06 here) on positive rows alone, and a head by SGD at 0.1 whose bias never learns. "
        "Here: a mean with a slope, Adam without decay, peers among negative rows too, and a head by Adam whose bias "
        "learns and whose rows, under the neutral label, are divided by the length of labelled ones. "
        "loeweX/Forward-Forward, the same in PyTorch, sends the decay through the momentum, draws wrong "
        "labels at random, has a far weaker peer term, and a head without a bias.",
    ),
    Preset(
        name="ff-pezeshki-mnist",
        title="Forward-Forward on MNIST, Pezeshki's",
        summary="The well-known public code: the whole set as one batch, unit length, threshold 2, layer 1 for 1000 "
        "epochs, then layer 2. Nothing is learnt in the first hundred epochs: the goodness has to grow first.",
        source="mohammadpz/pytorch_forward_forward; Kesanapalli, Rangarajan, Jain, Jain 2023",
        published=Published(
            93.16, "% accuracy", "test", "50,000 training images, two layers of 500, 1000 epochs a layer, one seed"
        ),
        minutes=36.0,
        config={
            "name": "FF on MNIST, Pezeshki's",
            "data": {"name": "mnist", "train_size": 50_000, "standardise": "dataset"},
            "init": {"kind": "torch_default"},
            "label_code": {"kind": "overlay", "strength": "max"},
            "competitors": {"kind": "wrong_label", "allow_true": True, "fixed": True},
            "objective": {"kind": "threshold", "theta": 2.0, "slope": 1.0},
            "normalisation": {"input": {"kind": "unit_l2"}, "handover": {"kind": "unit_l2"}},
            "schedule": {"kind": "greedy", "epochs": 1000, "batch_size": None},
            "optimiser": {"kind": "adam", "lr": 0.03},
            "metrics": {"every_steps": 5},
        },
        method="pezeshki",
        target=Target(0.926),
        differs=EPS_OF_HALF,
    ),
)
