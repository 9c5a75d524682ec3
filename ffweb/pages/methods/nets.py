"""Forward-Forward in other nets than stacks of dense layers, and the comparison that the project started from."""

from __future__ import annotations

from ffweb.pages.methods.base import Claim, Entry, Family
from ffweb.pages.methods.drawing import Picture

TRIFECTA = Entry(
    slug="trifecta",
    title="The Trifecta: overlapping pairs",
    source="Dooms, Tsang, Oramas 2023; tdooms/trifecta",
    text="Three repairs at once: SymBa’s loss, batch norm in place of length normalisation, and losses that also move "
    "the block below, in pairs that shift by one from step to step. The label is a learned plane beside the image, "
    "and the last block’s goodness alone decides.",
    picture=Picture(
        inputs=("plane", "wrong plane"),
        gauges=("pair",) * 3,
        body="conv",
        below=True,
        gaps=("", ""),
        answer=("the last block’s", "goodness decides"),
    ),
    caption="The loss of a block also teaches the block below. Pairs (1, 2), (3, 4), … on even steps; (2, 3), (4, 5), "
    "… on odd ones.",
    rule="softplus(−α (g⁺ − g⁻)),  α = 4,  g = mean of h² over the map",
    published=(
        Claim(
            "74.0 % test accuracy on CIFAR-10, 98.3 % on MNIST, 85.0 % on Fashion-MNIST, 91.8 % on SVHN",
            "100 epochs, batch 512, random crops and rotations; backprop there: 88.9, 99.1, 93.6 and 94.1 % in 100 "
            "epochs",
        ),
        Claim(
            "84.3 % on CIFAR-10, 99.1 % on MNIST, 91.1 % on Fashion-MNIST, 94.4 % on SVHN",
            "500 epochs, the learning rate lowered twice; 12 blocks, 8.5 M weights for CIFAR-10",
        ),
    ),
    charts="Layer accuracy should rise from block to block. The first block’s own gap may mean little: it also works "
    "for its neighbour.",
    plainly="Within a pair this is backprop, and batch norm lets some goodness leak to the next block.",
)
CNN = Entry(
    slug="ff-cnn",
    title="Convolution: where the label enters",
    source="Kesanapalli, Rangarajan, Jain, Jain 2023 (first try)",
    text="A report carried Pezeshki’s recipe over to a convolution and left it out, since it “did not yield promising "
    "results”. The reason is the place of the label: ten pixels touch the first rows of a map only, and a goodness "
    "that is averaged over all places hardly notices them. As a plane beside the image, the label lies under every "
    "filter.",
    picture=Picture(
        inputs=("plane", "wrong plane"),
        gauges=("pair",) * 2,
        body="conv",
        names=("L1", "L2"),
        gaps=("bars",),
        reading="goodness",
        answer=("the last layer’s", "goodness decides"),
    ),
    caption="The label is one more input channel, so that each place of the map sees it.",
    silent="No figure: the report left it out.",
    charts="L1 alone is near chance, and that is normal here; the last layer is the one to watch.",
)
LOCAL = Entry(
    slug="local",
    title="Own weights for every place",
    source="Hinton 2022",
    text="A unit sees a small neighbourhood of the layer below, as in a convolution, but nothing is shared between "
    "places. It is the more plausible wiring for a brain, and a test of local rules on colour images.",
    picture=Picture(
        gauges=("pair",) * 2,
        body="local",
        names=("L1", "L2"),
        gaps=("bars",),
        reading="goodness",
        answer=("every label is tried;", "most goodness wins"),
    ),
    caption="Each place looks at its own neighbourhood with weights of its own.",
    charts="The training accuracy runs ahead soon: there are millions of weights for ten thousand images.",
    plainly="A local net that was never trained, with a trained readout, is a strong opponent on CIFAR-10. Look at "
    "the control before the accuracy.",
)
ATTENTION = Entry(
    slug="attention",
    title="Attention, block by block",
    source="proposed by Kesanapalli, Rangarajan, Jain, Jain 2023",
    text="The image becomes 16 patches, and each transformer block is one layer in the sense of this page: gradients "
    "flow inside a block and never between blocks. A block learns from a row of class scores read from its mean "
    "token, or, with a label token among the patches, from true against wrong labels.",
    picture=Picture(
        inputs=("patches",),
        gauges=("row",) * 3,
        body="tokens",
        reading="ten scores",
        answer=("rows summed;", "the best class wins"),
    ),
    caption="Tokens look at each other within a block; the block’s loss stays within it.",
    silent="No published recipe was found.",
    charts="All blocks learn at about the same pace. The label-token form costs two passes in training and ten in the "
    "test.",
)
KESANAPALLI = Entry(
    slug="kesanapalli",
    title="FF against backprop on five data sets",
    source="Kesanapalli, Rangarajan, Jain, Jain 2023",
    text="“Is it time to bid adieu to backprop?” Pezeshki’s net on MNIST, Fashion-MNIST, CIFAR-10, CIFAR-100 and "
    "SVHN, beside the same net with a softmax and backprop. Here both rules share one data path, one loop and one set "
    "of meters.",
    picture=Picture(gauges=("theta",) * 2, names=("L1 first", "then L2"), gaps=("bars",), reading="goodness"),
    caption="The FF side is Pezeshki’s recipe; the other side is backprop on the same two layers.",
    rule="θ = 2; the text says sum of squares, the code it builds on takes the mean",
    published=(
        Claim(
            "FF, test accuracy: MNIST 93.1 %, Fashion-MNIST 83 %, CIFAR-10 46 %, CIFAR-100 12 %, SVHN 60 %",
            "two layers of 500, 1000 epochs a layer, the whole set as one batch",
        ),
        Claim(
            "backprop: MNIST 97 %, Fashion-MNIST 89 %, CIFAR-10 53 %, CIFAR-100 23 %, SVHN 81 %",
            "the same layers and a softmax, 20 epochs of batches of 256",
        ),
    ),
    charts="FF takes few and large steps, backprop many small ones: compare over time or images, not over epochs.",
    plainly="The report’s “3.7 times faster” is not like for like: downloads are in the times, and per training image "
    "FF does about 83 times the arithmetic (1000 epochs a layer against 20 in all).",
)

NETS = Family("nets", "Other nets", (TRIFECTA, CNN, LOCAL, ATTENTION))
COMPARISON = Family("comparison", "The comparison", (KESANAPALLI,))
