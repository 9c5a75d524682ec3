"""The methods: what each does, how it is drawn, where it lies on the axes, and what was reached with it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET

from ffweb.pages.http import member
from ffweb.pages.methods import ENTRIES, FAMILIES, Entry, drawing, unrolled
from ffweb.pages.methods.base import Try
from ffweb.pages.methods.findings import told
from ffweb.pages.methods.measured import Measured, measured
from ffweb.pages.methods.mishaps import MISHAPS
from ffweb.pages.methods.place import place
from ffweb.pages.methods.reached import Reached, reached
from trainer.presets import PRESETS, Preset


@dataclass(frozen=True)
class Start:
    """A preset of a method, what was measured of it and what its runs here reached."""

    preset: Preset
    measured: Measured | None
    here: Reached | None


@dataclass(frozen=True)
class Section:
    """An entry with what depends on the presets and on who looks."""

    entry: Entry
    drawing: SafeString
    starts: list[Start]
    place: list[tuple[str, str]]


@login_required
@require_GET
def methods_page(request: HttpRequest) -> HttpResponse:
    here = reached(member(request), [preset for preset in PRESETS.values() if preset.method in ENTRIES])
    families = [(family, [_section(entry, here) for entry in family.entries]) for family in FAMILIES]
    context = {
        "families": families,
        "mishaps": [(mishap, _known(mishap.tries)) for mishap in MISHAPS],
        "findings": told(),
    }
    return render(request, "methods.html", context)


def _known(tries: tuple[Try, ...]) -> list[Try]:
    """Those whose preset there is: a link that opens nothing is not offered."""
    return [attempt for attempt in tries if attempt.preset in PRESETS]


def _section(entry: Entry, here: dict[str, Reached]) -> Section:
    presets = [preset for preset in PRESETS.values() if preset.method == entry.slug]
    starts = [Start(preset, measured(preset), here.get(preset.name)) for preset in presets]
    return Section(entry, _drawn(entry), starts, place(presets[0].name) if presets else [])


@cache
def _drawn(entry: Entry) -> SafeString:
    title = f"What flows where: {entry.title}. {entry.caption}"
    return drawing.draw(entry.picture, title) if entry.picture else unrolled.draw(title)
