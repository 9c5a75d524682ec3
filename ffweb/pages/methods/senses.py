"""Forward-Forward where a label in the first pixels is not the point: no labels, time, text."""

from __future__ import annotations

from ffweb.pages.methods.base import Entry, Family
from ffweb.pages.methods.drawing import Picture

UNSUPERVISED = Entry(
    slug="unsupervised",
    title="Without labels: hybrid images",
    source="Hinton 2022",
    text="Positive data are real images. A negative is patched together from two of them along a random blobby mask: "
    "near by it looks right, as a whole it does not, so layers have to learn shapes. No label takes part; a softmax "
    "is trained on the activities to see what they are worth.",
    picture=Picture(inputs=("real", "mask"), gauges=("pair",) * 3, reading="goodness", probe=1),
    caption="Real images against mixtures. The softmax reads all layers and teaches none.",
    charts="Goodness and gap as usual; there is no accuracy by layer from goodness, only the softmax’s.",
    plainly="Wide layers that were never trained, with the same softmax, do well too. Only the distance to that "
    "control says that something was learnt.",
)
RECURRENT = Entry(
    slug="recurrent",
    title="Recurrent, with the label on top",
    source="Hinton 2022",
    text="A still image is shown as a film. Every tick each layer sees the layer below and the layer above as they "
    "were one tick ago; the image is held below, the label above. So what a layer learns can depend on what the layer "
    "above expects.",
    picture=None,
    caption="Each column is one tick. A true label held above makes positive data, a wrong one negative data.",
    rule="h(t) = 0.3 h(t − 1) + 0.7 relu(W·below + V·above)",
    charts="The gap needs a few ticks to open, and so the later ones are counted. Both layers should be about equally "
    "good.",
    plainly="The best-known public version never trained its top-down weights: see below what went wrong there.",
)
TEXT = Entry(
    slug="text",
    title="Text, character by character",
    source="Hinton 2022; Aesop’s Fables",
    text="The input is a window of ten characters. Positive: the last one is the true one. Negative: it is drawn from "
    "what the net itself would have guessed. A softmax on all layers names the next character.",
    picture=Picture(inputs=("next", "guess"), gauges=("pair",) * 3, reading="", probe=1),
    caption="The two windows differ in one character only.",
    charts="Perplexity of the true next character is the figure that counts; lower is better, and the number of "
    "symbols is chance. Accuracy is that of the most likely character.",
    plainly="On so small a text, counting which character follows which is a strong opponent.",
)

SENSES = Family("senses", "Without labels, in time, in text", (UNSUPERVISED, RECURRENT, TEXT))
