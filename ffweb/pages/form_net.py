"""The net of the form's preview as the drawing takes it: a list of layers, each with its shape and what it learns from.

Nothing here knows an architecture by name: shapes come from the blocks, reach and freezing from the config.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

from ffweb.pages.form_draft import Draft
from trainer.arithmetic import Shapes

if TYPE_CHECKING:
    from trainer.blocks.base import Block
    from trainer.config import RunConfig
    from trainer.data.catalogue import DataInfo

Shown = dict[str, Any]


def net(draft: Draft) -> Shown:
    """Input, layers and label; no layers while the config cannot be counted."""
    config, info = draft.countable, draft.info
    blocks = Shapes(config, info).blocks if config and info and draft.estimate else []
    return {
        "inputs": prod(info.shape) if info else None,
        "shape": _shape(info) if info else "",
        "classes": info.classes if info else None,
        "label": bool(config and config.label_code.carries_label),
        "top_down": bool(config and getattr(config.architecture, "top_down", False)),
        "layers": [_layer(config, number, block) for number, block in enumerate(blocks)] if config else [],
    }


def _shape(info: DataInfo) -> str:
    height, width, channels = info.shape
    if info.kind == "text":
        return f"{width} letters"
    return f"{height} × {width}" if channels == 1 else f"{_places(height, width)} × {channels}"


def _layer(config: RunConfig, number: int, block: Block) -> Shown:
    """One layer (from 0). `reach` is the lowest layer that its loss moves, null where it has none."""
    settings = config.at(number + 1)
    return _geometry(block) | {
        "units": prod(block.outputs),
        "reach": config.reach(number),
        "rows": settings.competitors.needs == "classes",
        "theta": hasattr(settings.objective, "theta"),
        "frozen": settings.frozen,
    }


def _geometry(block: Block) -> Shown:
    """How a layer is drawn, and its size in words: 500; 32 maps of 14²; 49 tokens of 64. `short`: what counts most."""
    shape, places = block.outputs, getattr(block, "places", None)
    if block.numbers == 0:
        return {"form": "input", "words": "pixels", "short": "pixels"}
    if len(shape) == 3:
        return {"form": "maps", "words": f"{shape[0]} · {_places(*shape[1:])}", "short": f"{shape[0]}"}
    if len(shape) == 2:
        return {"form": "tokens", "words": f"{shape[0]} × {shape[1]}", "short": f"{shape[1]}"}
    if places:
        each = shape[0] // prod(places)
        return {"form": "places", "words": f"{each} · {_places(*places)}", "short": f"{each}"}
    return {"form": "units", "words": f"{shape[0]}", "short": f"{shape[0]}"}


def _places(height: int, width: int) -> str:
    return f"{height}²" if height == width else f"{height}×{width}"
