"""Nets of which only a part can be, or is, trained by a gradient through the whole."""

from __future__ import annotations

from ffweb.pages.methods.base import Entry, Family
from ffweb.pages.methods.drawing import Picture

HYBRID = Entry(
    slug="hybrid",
    title="FF below, backprop above",
    source="proposed by Kesanapalli, Rangarajan, Jain, Jain 2023",
    text="The first k layers learn by Forward-Forward and hand on their activity under a neutral label; the gradient "
    "of the rest stops there. k is free: 0 is backprop, all is FF.",
    picture=Picture(
        gauges=("pair", "pair", ""), split=2, loss=1, reading="the pair", answer=("from here down", "to L3 only")
    ),
    caption="k = 2: L1 and L2 learn alone, L3 and the softmax by backprop.",
    silent="No published figure was found for this form.",
    charts="Layers 1 to k show goodness and gap, the others only a loss. The memory for activities is that of the "
    "upper part.",
    plainly="Compare with the same net whose first k layers are frozen at random: only above that do FF’s layers earn "
    "their place.",
)
BLACK_BOX = Entry(
    slug="black-box",
    title="A black box between layers",
    source="Hinton 2022; the Trifecta’s outlook",
    text="Between two layers sits something without a useful derivative: only the sign is passed on, or a few levels, "
    "or a fixed shuffle of the units. A local loss never asks for a derivative through it, so Forward-Forward goes on "
    "unchanged.",
    picture=Picture(
        gaps=("sign", "shuffle"), reading="goodness", answer=("every label is tried;", "most goodness wins")
    ),
    caption="No loss ever has to look into a box.",
    silent="No published figure was found.",
    charts="As without the box; expect a little less accuracy, since the box throws information away.",
    plainly="Backprop through the whole net is refused here, with a sentence that says why, rather than approximated.",
)

MIXED = Family("mixed", "Mixed nets", (HYBRID, BLACK_BOX))
