"""The methods as the page /methods tells them: texts and drawings as data, one file per family."""

from __future__ import annotations

from ffweb.pages.methods.base import Entry, Family
from ffweb.pages.methods.competing import COMPETING
from ffweb.pages.methods.controls import CONTROLS
from ffweb.pages.methods.forward import FORWARD
from ffweb.pages.methods.mixed import MIXED
from ffweb.pages.methods.nets import COMPARISON, NETS
from ffweb.pages.methods.rows import ROWS
from ffweb.pages.methods.senses import SENSES

__all__ = ["ENTRIES", "FAMILIES", "Entry", "Family"]

FAMILIES: tuple[Family, ...] = (FORWARD, SENSES, NETS, COMPARISON, ROWS, COMPETING, MIXED, CONTROLS)
ENTRIES: dict[str, Entry] = {entry.slug: entry for family in FAMILIES for entry in family.entries}
