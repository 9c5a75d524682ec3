"""Forward-Forward on labels: the label goes into the input, and a wrong one stands against the true one."""

from __future__ import annotations

from ffweb.pages.methods.base import Claim, Entry, Family
from ffweb.pages.methods.drawing import Picture

_SWEEP = ("every label is tried;", "most goodness wins")

FF = Entry(
    slug="ff",
    title="Forward-Forward with a threshold",
    source="Hinton 2022, arXiv 2212.13345",
    text="The same image goes in twice: once with its true label in the first pixels, once with a wrong one. Each "
    "layer learns alone to be very active (goodness) for the true pair and hardly active for the wrong one, with θ "
    "between. The length of its activity is taken away before it is handed on, so that the next layer has to find "
    "something of its own.",
    picture=Picture(reading="goodness", answer=_SWEEP),
    caption="Each layer pushes its goodness above θ for positive and below θ for negative data, and moves only its "
    "own weights.",
    rule="softplus(θ − g⁺) + softplus(g⁻ − θ),  g = mean or sum of h²",
    published=(
        Claim(
            "about 2.7 % test error on MNIST",
            "dah33/explore_forward_forward: two layers of 500, 600 epochs, batch 4096, likely wrong labels",
        ),
    ),
    charts="Goodness: solid lines rise above θ, dashed ones fall below; the gap opens first in L1. Look at Layer "
    "accuracy too: the sum over layers can hide deep layers that learn nothing.",
    plainly="Goodness as a sum or a mean, normalisation, θ and learning rate work as a bundle. Change one of them "
    "alone and it may learn nothing at all.",
)
PEZESHKI = Entry(
    slug="pezeshki",
    title="Pezeshki’s recipe",
    source="mohammadpz/pytorch_forward_forward 2022",
    text="The small code that most people meet first: two layers of 500, the whole training set as one batch, unit "
    "length, θ = 2, layer 1 for 1000 epochs and then layer 2. Rows of unit length start with a goodness thousands of "
    "times below θ, so many epochs only let it grow.",
    picture=Picture(gauges=("theta",) * 2, names=("L1 first", "then L2"), gaps=("bars",), answer=_SWEEP),
    caption="The rule of plain Forward-Forward, one layer after the other. L2 starts when L1 has ended.",
    rule="softplus(θ − g⁺) + softplus(g⁻ − θ),  g = mean of h²,  θ = 2",
    published=(
        Claim(
            "93.16 % test accuracy on MNIST (train 93.25 %)",
            "50,000 training images, 1000 epochs a layer, no augmentation, one seed, 10,000 test images",
        ),
    ),
    charts="For long the goodness of both kinds rises together and accuracy stays at chance; then they part within a "
    "few dozen epochs. L2 is flat until L1 has ended.",
    plainly="About one negative in ten carries the true label, drawn once for the whole run. The preset does so too.",
)
SYMBA = Entry(
    slug="symba",
    title="SymBa: no threshold",
    source="Lee and Song 2023, arXiv 2303.08418",
    text="Only the difference between the goodness of the true and of the wrong label of the same image counts. Both "
    "pull with equal force at every moment, so nothing has to grow towards a θ first.",
    picture=Picture(gauges=("pair",) * 3, reading="the pair", answer=_SWEEP),
    caption="The two readings of one image are pushed apart, wherever they are.",
    rule="softplus(−α (g⁺ − g⁻))",
    published=(
        Claim(
            "about 2.2 % test error on MNIST",
            "dah33/explore_forward_forward: two layers of 500, 60 epochs, batch 4096, α = 4, likely wrong labels",
        ),
        Claim(
            "98.58 % on MNIST, 59.09 % on CIFAR-10",
            "as tabulated in the README of CAW-Conv, which does not state net, epochs and augmentation",
        ),
    ),
    charts="The gap grows from the first steps; there is no θ line. The goodness itself may drift upwards.",
)
SWISH = Entry(
    slug="swish-symba",
    title="Swish-SymBa: a bounded pair",
    source="dah33/explore_forward_forward 2023",
    text="SymBa’s softplus is replaced by Swish, which has a lowest point. A pair that is further apart than 1.28/α "
    "is gently drawn back, so that layers spend their effort on the pairs that are not yet right.",
    picture=Picture(gauges=("bounded",) * 3, reading="the pair", answer=_SWEEP),
    caption="As SymBa, but a pair that is far enough apart is left in peace (dotted).",
    rule="u · σ(u),  u = −α (g⁺ − g⁻)",
    published=(
        Claim(
            "about 1.65 % test error on MNIST",
            "two layers of 500, 60 epochs, batch 4096, α = 6, likely wrong labels (README)",
        ),
        Claim("about 1.35 % test error on MNIST", "the same with two layers of 2000 (README)"),
    ),
    charts="The gap rises quickly and then levels off near 1.28/α; the loss falls below 0, and that is right.",
)
HARD = Entry(
    slug="hard-negatives",
    title="Likely wrong labels",
    source="Hinton 2022 (Matlab code); dah33/explore_forward_forward",
    text="A wrong label drawn blindly is soon too easy. Hard negatives draw it by how good the net itself finds it: "
    "by its softmax in Hinton’s code, by its goodness in others. In layer 1 all ten labels share one matrix product, "
    "so asking them costs little.",
    picture=Picture(inputs=("true", "hard"), gauges=("pair",) * 3, reading="the pair", answer=_SWEEP),
    caption="Only the choice of the negative changes: the label that the net would most easily believe.",
    silent="None that isolates it: codes that use it differ in other things too.",
    charts="The gap is smaller than with random labels, because the opponent is stronger. Compare accuracy, not gaps.",
)
PEER = Entry(
    slug="peer-normalisation",
    title="Hinton’s recipe",
    source="Hinton 2022, Matlab code; loeweX/Forward-Forward",
    text="Goodness is the sum of squares and θ the width of the layer; wrong labels are drawn from a softmax that "
    "learns beside. Peer normalisation pulls each unit’s mean activity towards its layer’s mean, so that no unit dies "
    "and none takes over. That softmax, on the upper layers under a neutral label, also answers in one pass.",
    picture=Picture(inputs=("true", "hard"), probe=2, reading="goodness"),
    caption="Layers learn from θ; a softmax on L2 and L3 learns beside them and teaches none of them.",
    rule="softplus(θ − Σh²) + softplus(Σh² − θ),  θ = width",
    published=(
        Claim(
            "1.45 % test error on MNIST in PyTorch",
            "loeweX/Forward-Forward: three layers of 1000, 100 epochs, batch 100, random wrong labels. Its README "
            "lists 1.47 % for the Matlab code and quotes 1.36 % from the paper",
        ),
        Claim(
            "98.35 % on MNIST, backprop 98.34 %",
            "alessiopittiglio/forward-forward-matlab: three layers of 1000, 100 epochs, 663 s against 347 s",
        ),
    ),
    charts="Goodness lies near the width of the layer, 1000 rather than 2. Dead units stay few.",
    plainly="In a run of a few hundred steps the label sweep is far behind the softmax: all goodness first goes to θ, "
    "for true and wrong labels alike, while a softmax does well on layers that are still nearly random. The run then "
    "says so.",
)

FORWARD = Family("forward", "Forward-Forward on labels", (FF, PEZESHKI, SYMBA, SWISH, HARD, PEER))
