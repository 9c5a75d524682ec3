"""Small words of sentences. Imports no torch."""

from __future__ import annotations


def plural(count: float, one: str, many: str = "") -> str:
    """1 epoch, 2 epochs, 1,437 images; `many` where it takes more than an s."""
    number = f"{count:,}" if isinstance(count, int) else f"{count:g}"
    return f"{number} {one if count == 1 else many or one + 's'}"
