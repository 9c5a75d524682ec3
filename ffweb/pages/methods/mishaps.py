"""What went wrong in public code: found by reading it and running parts of it, with what shows the effect here."""

from __future__ import annotations

from ffweb.pages.methods.base import Mishap, Try

MISHAPS: tuple[Mishap, ...] = (
    Mishap(
        slug="true-negatives",
        title="Negatives that carry the true label",
        where="mohammadpz/pytorch_forward_forward; keras-io forwardforward.py; nebuly forward_forward",
        text="Wrong labels are made by shuffling the true ones, so about one in ten is not wrong, and they are drawn "
        "once for the whole run. In nebuly’s helper a number is compared with a pair, which is never equal: 11.3 % of "
        "its “different” labels were the same.",
        here="A wrong label is never the true one and is drawn anew for each batch, unless a preset asks for the old "
        "way.",
        tries=(
            Try("As published", "ff-pezeshki-mnist"),
            Try("Strictly wrong labels", "ff-pezeshki-mnist", "competitors.allow_true=false"),
            Try("Also drawn anew", "ff-pezeshki-mnist", "competitors.allow_true=false;competitors.fixed=false"),
        ),
    ),
    Mishap(
        slug="two-gigabytes",
        title="The unexplained 2 GB",
        where="nebuly’s article on memory; nebuly forward_forward",
        text="The article could not explain why a two-layer FF net took 2 GB, and suspected the test. It is the "
        "training set: after each layer the activities of all 120,000 rows (60,000 positive, 60,000 negative) of 2000 "
        "numbers are kept on the GPU, 960 MB, and while the next layer’s are built the old ones are still alive: 2 × "
        "960 MB.",
        here="Layers hand on one batch at a time; what a layer keeps is charted in Memory by layer.",
    ),
    Mishap(
        slug="recurrent",
        title="The recurrent net that never learned from above",
        where="nebuly forward_forward, recurrent",
        text="To keep the true class from being drawn as a negative, −1,000,000 is written into hidden unit number y "
        "instead of score number y. After normalisation nothing else is left of the vector, so the “negative” no "
        "longer depends on the image and is the true label in 9.7 % of draws. The label’s projection and the softmax "
        "have the same weights before and after training, bit for bit.",
        here="Wrong labels come from one tested place for all nets, where the true one is left out by its index.",
        tries=(Try("The recurrent net", "ff-recurrent-mnist"),),
    ),
    Mishap(
        slug="overflow",
        title="log(1 + exp(x))",
        where="mohammadpz; pytorch/examples; nebuly",
        text="In float32 it is infinite from 88.8 on, and its gradient is not a number. nebuly makes the value finite "
        "with nan_to_num; the gradient stays NaN. Sums of squares over 2000 units get there easily.",
        here="Gradients come from the sigmoid alone, which cannot overflow; values from a stable softplus.",
    ),
    Mishap(
        slug="growing",
        title="A start thousands of times below the threshold",
        where="mohammadpz and what is built on it",
        text="Rows of unit length under PyTorch’s default start give a mean goodness of 0.0004, and θ is 2. "
        "Everything, positive and negative, is first pushed up. Scaled to root mean square 1 with weights of variance "
        "1/inputs, the same net starts at 0.5.",
        here="RMS rows are the default. Unit length and the default start are values that one can choose.",
        tries=(Try("Watch the goodness grow", "ff-pezeshki-mnist"),),
    ),
    Mishap(
        slug="empty",
        title="Saved nets that are empty",
        where="mohammadpz; pytorch/examples mnist_forward_forward",
        text="Layers stand in a plain Python list, so the net has no parameters as far as PyTorch knows: --save_model "
        "writes an empty dictionary.",
        here="Every run can be resumed bit for bit on the CPU, and its weights downloaded.",
    ),
    Mishap(
        slug="one-backward",
        title="Local gradients, but memory as in backprop, twice",
        where="loeweX/Forward-Forward",
        text="The layers’ losses are added and one backward is called at the end. Gradients stay local, but every "
        "layer’s activities wait for it, of positive and negative rows: at 16 layers twice the bytes of backprop, "
        "where a backward per layer needs an eighth of that.",
        here="A layer is updated before the next one computes; memory for activities does not grow with depth.",
    ),
    Mishap(
        slug="peer",
        title="Peer normalisation, 5000 times too weak",
        where="loeweX/Forward-Forward",
        text="A mean over units, the factor of the moving average and a mean over the batch all enter the gradient. "
        "At width 1000 it points the right way and is 5000 times smaller than in Hinton’s Matlab code.",
        here="The term is scaled as in the Matlab code beside a loss that is twice as large: its 0.03 is 0.06 here.",
    ),
    Mishap(
        slug="losses",
        title="Losses that push hardest where nothing is wrong",
        where="nebuly forward_forward",
        text="One loss has a gradient for negatives that is largest when they are already low (0.88 at goodness 0) "
        "and vanishes when they are far too high (0.018 at 6). Another has no lowest point at all.",
        here="Each objective’s derivative is tested against its value.",
    ),
    Mishap(
        slug="perplexity",
        title="A perplexity that never looks at the text",
        where="nebuly forward_forward, language model",
        text="It is the exponential of the prediction’s own entropy: a constant, confident guess scores a perfect "
        "1.0. The target is ten characters ahead, a shift in time became a shift of the alphabet, and a missing "
        "argument ends every call with a TypeError.",
        here="Perplexity is that of the true next character.",
        tries=(Try("Text, character by character", "ff-aesop"),),
    ),
    Mishap(
        slug="memory-bars",
        title="Memory bars that compare unlike things",
        where="diegofiori/test-forward-forward-pytorch",
        text="The recurrent bars are halved for a doubled batch that was already halved; bytes are labelled MB, and "
        "on the CPU they are KiB; backprop’s net carries FF’s normalisations, which makes it keep twice the "
        "activities of a plain one.",
        here="Both rules run through the same meters, in bytes, and a batch goes through both nets in the same pieces.",
    ),
    Mishap(
        slug="label-pixels",
        title="Ten label pixels for a convolution",
        where="Kesanapalli et al.’s first conv net",
        text="A goodness that is a mean over 784 places hardly changes when only the first rows of the map know the "
        "label, so true and wrong labels cannot be told apart.",
        here="Labels can enter as a plane of their own.",
        tries=(Try("The failing form", "ff-cnn-kesanapalli-mnist"), Try("The repaired one", "ff-cnn-mnist")),
    ),
    Mishap(
        slug="unlike-times",
        title="“3.7 times faster”",
        where="Kesanapalli et al.",
        text="FF’s 1000 epochs a layer do about 83 times the arithmetic per training image of backprop’s 20 epochs. "
        "The times contain downloads, and backprop’s are those of its input pipeline and hundreds of small steps.",
        here="One data path and one loop for both rules; downloads are not counted.",
    ),
    Mishap(
        slug="test-selected",
        title="Figures chosen on the test set, features that never learn",
        where="andreaspapac/CwComp; SCFF’s public code; CaFo’s public code",
        text="CwComp keeps the weights with the lowest test error and applies softmax twice. In SCFF’s code the "
        "validation set can be the test set. CaFo’s conv blocks get no gradient at all: its figures are those of "
        "random features.",
        here="The last epoch counts, or one chosen on images set apart from the training set.",
    ),
    Mishap(
        slug="two-adams",
        title="Two optimisers for each weight",
        where="tdooms/trifecta",
        text="Each block’s Adam also owns the block below, so every weight has two sets of moments; with an even "
        "number of blocks the last one is idle on every odd step.",
        here="One optimiser a layer; whose loss moves a weight is the scope’s business.",
    ),
)
