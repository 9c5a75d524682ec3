"""Other ways to compete: margins against many, pairs of images, layers that count each other in."""

from __future__ import annotations

from ffweb.pages.methods.base import Claim, Entry, Family
from ffweb.pages.methods.drawing import Picture

DISTANCE = Entry(
    slug="distance-forward",
    title="Distance-Forward, and with overlapping pairs (DF-O)",
    source="Wu et al. 2024, arXiv 2408.14925",
    text="The true label has to lead several wrong ones by a margin, and a small weight keeps the wrong ones low. In "
    "DF-O the loss of a layer also moves the layer below, so that neighbours work together; each layer keeps its own "
    "loss.",
    picture=Picture(
        gauges=("margin",) * 3,
        below=True,
        gaps=("", ""),
        reading="one and several",
        answer=("every label is tried;", "most goodness wins"),
    ),
    caption="DF-O: every loss teaches its own layer and the one below. In DF the arrows to the left are missing.",
    rule="mean over n of max(0, m + gₙ⁻ − g⁺) + λ gₙ⁻",
    published=(
        Claim(
            "MNIST 99.7 %, CIFAR-10 88.2 %, CIFAR-100 59.0 %, SVHN 95.9 %; under 40 % of backprop’s memory",
            "abstract; net, epochs and augmentation are not stated there",
        ),
    ),
    charts="With pairs the goodness of L1 may mean little, since it works for L2. Compare with the run without pairs "
    "at the same number of updates.",
    plainly="No code was found: margin, λ and the recipe are ours. A pair costs more arithmetic a step.",
)
SCFF = Entry(
    slug="scff",
    title="Self-contrast (SCFF)",
    source="Chen, Liu, Laydevant, Grollier 2025, Nature Communications 16:5978",
    text="No labels and no masks: a positive is an image added to itself, a negative an image added to another one. "
    "Goodness is read at every place of a map, and a linear readout is trained on what the layers found.",
    picture=Picture(inputs=("same", "other"), probe=1, reading="goodness", body="conv"),
    caption="The same weights see both halves, so adding images is all it takes.",
    rule="softplus(T₁ − g⁺) + softplus(g⁻ − T₂) + λ |g⁺|",
    published=(
        Claim("MNIST 98.70 %", "two layers of 2000, one after another, linear readout"),
        Claim(
            "CIFAR-10 80.75 %, STL-10 77.30 %",
            "three and four conv layers, a few epochs each, then a linear readout for 50 epochs with flips and "
            "dropout. In the public code the validation set can be the test set",
        ),
    ),
    charts="Positive and negative goodness stay close: the pairs differ little. What counts is the readout’s accuracy "
    "over that of the frozen net.",
    plainly="A random net with the same readout is the opponent that matters, most of all on easy data.",
)
COLLABORATION = Entry(
    slug="layer-collaboration",
    title="Layer collaboration",
    source="Lorberbom, Gat, Adi, Schwing, Hazan 2024, arXiv 2305.12393",
    text="A layer is judged by its own goodness plus what all other layers read, which it takes as given. So it need "
    "not part what others have parted already, and can attend to the rest.",
    picture=Picture(share=True, answer=("every label is tried;", "most goodness wins")),
    caption="Readings are shared, gradients are not.",
    rule="softplus(∓(g + Σ others − θ)),  others held constant",
    silent="None that we could check: no official code was found.",
    charts="Single layers may look worse than in plain FF although the sum is better: read the sum.",
    plainly="A follow-up (Yousefiramandi 2026, abstract) calls it free-riding: what reaches a layer falls "
    "exponentially with the margin that the layers below have piled up.",
)

COMPETING = Family("competing", "Other ways to compete", (DISTANCE, SCFF, COLLABORATION))
