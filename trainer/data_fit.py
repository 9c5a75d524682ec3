"""What of a config does not go with the data set: texts and images, numbers of classes, room for a label.

Imports no torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainer.clash import Found, clash
from trainer.fitting import layers, place

if TYPE_CHECKING:
    from trainer.config import RunConfig
    from trainer.data.family import DataInfo


def problems(config: RunConfig, info: DataInfo) -> Found:
    """What no shape of a layer could mend."""
    for check in (_kind, _classes, _room, _net):
        yield from check(config, info)


def _kind(config: RunConfig, info: DataInfo) -> Found:
    """Text asks for the code that moves its window on; images have no next character. Negatives are of their kind."""
    code = config.label_code
    for layer, where in layers(config):
        takes = config.at(layer).competitors.takes
        if takes == "image" and info.kind == "text":
            msg = f"{info.title} is a text, and a window half spoilt is no text: set hard_wrong_label, or rollout"
            yield clash(f"{where}competitors.kind", msg, "hard_wrong_label", "rollout")
        if takes == "text" and info.kind != "text":
            msg = f"{info.title} is no text that a net could write: hybrid_image needs no label either"
            yield clash(f"{where}competitors.kind", msg, "hybrid_image")
    if code.kind == "next" and info.kind != "text":
        msg = f"{info.title} is no text, so nothing comes next: overlay or concat would work"
        yield clash("label_code.kind", msg, "overlay", "concat")
    if code.carries_label and code.kind != "next" and info.kind == "text":
        msg = "in a text the label is the character that comes next: set next, or none"
        yield clash("label_code.kind", msg, "next", "none")


def _classes(config: RunConfig, info: DataInfo) -> Found:
    if info.classes < 2:
        yield clash("data.name", f"{info.title} has one class only; at least two are needed to tell apart")
        return
    for layer in range(1, config.depth + 1):
        count = getattr(config.at(layer).competitors, "count", 1)
        if count > info.classes - 1:
            one, most = info.items[:-1], info.classes - 1
            msg = f"{info.title} has {info.classes} classes, so each {one} has {most} wrong labels at most"
            fix = {f"{place(config, layer, 'competitors')}.count": most}
            yield clash("competitors.count", msg, others=[fix])


def _room(config: RunConfig, info: DataInfo) -> Found:
    height, width, channels = info.shape
    pixels = height * width * channels
    if config.label_code.kind == "overlay" and pixels <= info.classes:
        msg = f"the label of {info.classes} classes would cover all {pixels} pixels; concat keeps the {info.items[:-1]}"
        yield clash("label_code.kind", msg, "concat")


def _net(config: RunConfig, info: DataInfo) -> Found:
    """What keeps the architecture from these images."""
    net = config.architecture
    yield from net.misfits(config.label_code.shape(net.form.shape(info.shape), info.classes), info.classes, info.shape)
    if net.takes == "image" and info.kind == "text":
        msg = f"{info.title} is a text, and this net looks at neighbouring pixels: set mlp"
        yield clash("architecture.kind", msg, "mlp")
