"""How a text is spoken of: it has windows where pictures are images. Imports no torch."""

from __future__ import annotations

import re

_IMAGE = re.compile(r"\b([Ii])mage(s?)\b")


def worded(text: str, kind: str) -> str:
    """A sentence about images as it is true of data of this kind."""
    return _IMAGE.sub(_window, text).replace("img/s", "windows/s") if kind == "text" else text


def _window(found: re.Match[str]) -> str:
    return f"{'W' if found[1] == 'I' else 'w'}indow{found[2]}"
