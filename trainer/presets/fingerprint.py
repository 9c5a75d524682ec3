"""What a result was computed from, in twelve letters, which configs of the same figures share. Imports no torch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from trainer import identity
from trainer.config import RunConfig


def fingerprint(config: RunConfig, but: Sequence[str] = ()) -> str:
    """Twelve hex digits, equal for configs that differ in nothing but the seed, what changes no figure, and `but`."""
    return digest(identity.comparable(config, (*identity.DRAWN, *but)))


def digest(content: Any) -> str:
    """Twelve hex digits of JSON content."""
    body = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(body.encode()).hexdigest()[:12]
