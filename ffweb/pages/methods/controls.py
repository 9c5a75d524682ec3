"""What every method has to be held against."""

from __future__ import annotations

from ffweb.pages.methods.base import Claim, Entry, Family
from ffweb.pages.methods.drawing import Picture

BACKPROP = Entry(
    slug="backprop",
    title="Backprop",
    source="Rumelhart, Hinton, Williams 1986",
    text="One loss at the end, and its gradient through all layers. Same net, data, batches and images seen as the FF "
    "run beside it, so that only the rule differs; the learning rate is backprop’s own.",
    picture=Picture(inputs=("plain",), gauges=("",) * 3, gaps=("", ""), loss=3, kept=True, answer=("gradient to all",)),
    caption="Every layer keeps its activities until the gradient has come back.",
    rule="cross entropy(softmax of the last layer, y)",
    published=(
        Claim(
            "test accuracy: MNIST 97 %, Fashion-MNIST 89 %, CIFAR-10 53 %, CIFAR-100 23 %, SVHN 81 %",
            "two layers of 500 and a softmax, 20 epochs of batches of 256 (Kesanapalli, Rangarajan, Jain, Jain 2023)",
        ),
    ),
    charts="One loss and no goodness; tagged BP and drawn dash-dotted where runs are compared. Memory for activities "
    "grows with depth.",
)
SUPERVISED = Entry(
    slug="deep-supervision",
    title="Backprop with a loss at every layer",
    source="Lee, Xie, Gallagher, Zhang, Tu 2015",
    text="The rows of Mono-Forward over every layer, but gradients flow through the whole net. Whatever a local rule "
    "lacks against this is the price of locality alone, since losses and readout are the same.",
    picture=Picture(
        inputs=("plain",),
        gauges=("row",) * 3,
        gaps=("", ""),
        loss=3,
        kept=True,
        reading="ten scores",
        answer=("all losses, summed",),
    ),
    caption="Each layer has a row of its own and hears the losses of all layers above.",
    rule="Σ over layers of cross entropy(M h, y)",
    published=(
        Claim(
            "2.40 points above DTG-FF on CIFAR-10, 5.93 on CIFAR-100",
            "abstract of DTG-FF (Chen 2026): the same net by backprop with deep supervision",
        ),
    ),
    charts="One line a layer, as in Mono-Forward; memory for activities as in backprop.",
)
RANDOM = Entry(
    slug="random",
    title="Frozen at random",
    source="the control that is most often missing",
    text="The layers stay as they were drawn; only the readout is trained. A wide random layer is already useful, so "
    "whatever a rule adds has to show above this line.",
    picture=Picture(inputs=("plain",), gauges=("",) * 3, body="frozen", gaps=("", ""), probe=1),
    caption="Hatched: never trained. Only the softmax learns.",
    published=(
        Claim(
            "67.43 % on CIFAR-10, 98.80 % on MNIST",
            "CaFo 2023 as tabulated in the README of CAW-Conv: in CaFo’s public code the conv blocks are never "
            "trained, only their readouts",
        ),
    ),
    charts="Accuracy moves, the layers’ weights do not.",
)
LINEAR = Entry(
    slug="linear",
    title="A softmax on the pixels",
    source="logistic regression",
    text="No hidden layer at all. It says how much of a data set needs no features, and it takes seconds.",
    picture=Picture(inputs=("plain",), gauges=("",), gaps=(), names=("softmax",), loss=1, answer=("its gradient",)),
    caption="One matrix from pixels to classes.",
    silent="Textbook figures vary with the data set; run it.",
    charts="One loss, one accuracy.",
)

CONTROLS = Family("controls", "To compare with", (BACKPROP, SUPERVISED, RANDOM, LINEAR))
