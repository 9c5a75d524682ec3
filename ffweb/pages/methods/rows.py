"""Class rows: a layer gives a score to each class in one clean pass, and the wrong classes are the negatives."""

from __future__ import annotations

from ffweb.pages.methods.base import Claim, Entry, Family
from ffweb.pages.methods.drawing import Picture

_SUM = ("rows summed;", "the best class wins")
_LAST = ("the last row;", "the best class wins")

MONO = Entry(
    slug="mono-forward",
    title="Mono-Forward",
    source="Gong, Li, Abdulla 2025, arXiv 2501.09238",
    text="Each layer has a trained projection onto the classes, and cross entropy asks the true class to win. One "
    "clean pass: no label goes in, no negative image is made, no label has to be tried.",
    picture=Picture(inputs=("plain",), gauges=("row",) * 3, reading="ten scores", answer=_SUM),
    caption="The true class is filled, the nine others are the negatives. Every layer learns from its own row.",
    rule="cross entropy(M h, y);  M is learnt with the layer",
    published=(
        Claim(
            "at or above backprop on MNIST, Fashion-MNIST, CIFAR-10 and CIFAR-100",
            "abstract of the first version, MLPs and conv nets; nets, epochs and augmentation are not stated there",
        ),
    ),
    charts="One line a layer, no θ. Layers are about equally good from the start, so depth gains little.",
    plainly="It is the prediction loss of Nøkland and Eidnes (2019) without pooling and batch norm: the right "
    "baseline, rather than a new rule.",
)
LCP = Entry(
    slug="lcp",
    title="Local classifiers",
    source="Belilovsky, Eickenberg, Oyallon 2019; local classifier proxies in Duan et al. 2021",
    text="A classifier beside each layer trains it with cross entropy; the gradient stops before the layer below. "
    "Rows are brought to equal length between layers, and only the last classifier answers.",
    picture=Picture(inputs=("plain",), gauges=("row",) * 3, reading="classifier", answer=_LAST),
    caption="As Mono-Forward, but only the last row is read; the classifiers below serve training alone.",
    rule="cross entropy(V h, y)",
    published=(
        Claim(
            "CIFAR-10: 88.3, 90.4 and 91.7 % with classifiers of 1, 2 and 3 layers",
            "eugenium/layerCNN: 4 or 5 conv stages of 128 or 256 channels, one after another, 50 epochs each",
        ),
    ),
    charts="Layer accuracy rises a little from layer to layer; the classifiers’ weights count in memory.",
)
HFF = Entry(
    slug="hff",
    title="Prototypes on a sphere (HFF)",
    source="Sarode et al. 2026, arXiv 2605.00082",
    text="Each layer keeps one direction a class, and its score is the cosine between its activity and that "
    "direction. Activities are handed on with unit length, so scores are bounded and comparable across layers.",
    picture=Picture(inputs=("plain",), gauges=("prototypes",) * 3, reading="ten directions", answer=_SUM),
    caption="The activity (arrow) is turned towards the prototype of its class and away from the others (dashed).",
    rule="cross entropy(cos(h, pₖ) / τ, y)",
    published=(
        Claim(
            "ImageNet-1k: more than 25 % top-1 trained layer by layer, 65.96 % with transfer",
            "abstract; net, epochs and augmentation are not stated there",
        ),
    ),
    charts="Losses start near the same value in all layers; a small τ makes them steep.",
    plainly="No code was found: τ and the recipe are ours.",
)
PREDSIM = Entry(
    slug="predsim",
    title="Prediction and similarity (PredSim)",
    source="Nøkland and Eidnes 2019; anokland/local-loss",
    text="Two local losses: a linear classifier, and a demand on the whole batch that images of one class become "
    "alike and others not. The second one weighs 99 %.",
    picture=Picture(inputs=("plain",), gauges=("relation",) * 3, reading="row and likeness", answer=_LAST),
    caption="Over each layer: its row of classes, and who is like whom in the batch.",
    rule="(1 − β) cross entropy + β |R(S h) − R(y)|²,  β = 0.99",
    published=(
        Claim(
            "CIFAR-10: 5.58 % test error, backprop 5.99 %",
            "VGG8b, 400 epochs, crops and flips, dropout",
        ),
        Claim(
            "CIFAR-10 96.40 %, CIFAR-100 79.87 %, SVHN 98.35 %",
            "VGG11b with three times the channels, 400 epochs, crops and flips; cutout for CIFAR-10",
        ),
    ),
    charts="Layer accuracy should rise with depth, which is rare among local rules. A step takes longer: it compares "
    "all pairs of a batch.",
    plainly="Not Forward-Forward by name, from 2019, and still ahead of every FF method we know of: 96.4 % on "
    "CIFAR-10 against 91.8 % for the best of them (DTG-FF 2026, abstract). Nets, epochs and augmentation differ.",
)
CWCOMP = Entry(
    slug="cwcomp",
    title="Channels compete for classes (CwComp)",
    source="Papachristodoulou et al. 2024, arXiv 2312.12668",
    text="The channels of a conv layer are dealt out to the classes; the mean square of a class’s channels is its "
    "score. Every second layer keeps the classes’ channels apart, and each layer learns within a window of epochs of "
    "its own.",
    picture=Picture(inputs=("plain",), gauges=("groups",) * 3, body="groups", reading="ten scores", answer=_LAST),
    caption="Ten groups of channels, ten scores; nothing is learnt between them.",
    rule="cross entropy(G, y),  Gₖ = mean of h² over the channels of class k",
    published=(
        Claim(
            "test error: MNIST 0.58 %, Fashion-MNIST 7.69 %, CIFAR-10 21.89 %, CIFAR-100 48.77 %",
            "no augmentation, batch 128; on CIFAR-10 four layers learn for 11 to 25 epochs, the classifier for 50. "
            "The code keeps the weights with the best test error",
        ),
    ),
    charts="Early layers are poor and stay so; the first grouped layers jump. Flat lines mean that a window is closed.",
)
DEEPER = Entry(
    slug="deeperforward",
    title="DeeperForward",
    source="Sun et al. 2025 (ICLR)",
    text="The score of a class is the plain mean of its channels, not of their squares, so that dead units come back. "
    "Normalising each class’s group takes exactly that mean away before handing on, and shortcuts without weights let "
    "17 layers learn.",
    picture=Picture(inputs=("plain",), gauges=("groups",) * 3, body="groups", reading="ten scores", answer=_SUM),
    caption="As CwComp, with unsquared activity, group norm at the hand-over, and a sum over a range of layers.",
    rule="cross entropy(G, y),  Gₖ = mean of h over the channels of class k",
    published=(
        Claim(
            "CIFAR-10 86.22 ± 0.17 %, MNIST 99.63 %, Fashion-MNIST 93.13 %",
            "17 conv layers, AdamW with a cosine, 150 epochs",
        ),
    ),
    charts="Layer accuracy climbs with depth and levels off. The first layer is left out of the sum.",
)
ASGE = Entry(
    slug="asge",
    title="Energies of patches (ASGE)",
    source="Gong, Staszewski, Xu 2026, arXiv 2509.12394",
    text="Each map is cut into patches, fine in early and coarse in deep layers; the energies of all patches go "
    "through a projection that is fixed at random and never learns. Only the layer below it has to adapt.",
    picture=Picture(inputs=("plain",), gauges=("grid",) * 3, body="conv", reading="patches", answer=_SUM),
    caption="From patch energies to ten scores by lines that are fixed.",
    rule="cross entropy(A · energies + b, y),  A and b fixed at random",
    published=(
        Claim(
            "MNIST 99.65 %, Fashion-MNIST 93.41 %, CIFAR-10 90.62 %, CIFAR-100 65.42 %",
            "abstract; net, epochs and augmentation are not stated there",
        ),
        Claim(
            "ImageNet-1k 51.58 % top-1",
            "abstract of the second version; the first one said 26.21 % for the same method",
        ),
    ),
    charts="Layer 1 may be poor; the next ones should catch up at once. The readout has no weights that learn.",
)

ROWS = Family("rows", "Class rows: no negative data", (MONO, LCP, HFF, PREDSIM, CWCOMP, DEEPER, ASGE))
