"""Whether this machine sees the folder that the runs live in: a file beside them, and its content in the database.

A machine that does not see it would train a run anew that another had begun, and call what exists missing. So it
touches no run, and says in one sentence what it lacks.
"""

from __future__ import annotations

import secrets
import time
from pathlib import Path

from django.conf import settings
from django.db.models.functions import Now

from ffweb.runs.models import Run
from ffweb.work.models import Site

MARK = "site.id"


def mark() -> str | None:
    """Make this FFWEB_HOME the site's, if no other is; returns what is wrong, as a sentence, if one is."""
    site, _ = Site.objects.get_or_create(pk=1, defaults={"home": _read() or secrets.token_hex(16)})
    if _read() is None and (_begun_here() or not Run.objects.exclude(seq=0).exists()):
        settings.RUNS_DIR.mkdir(exist_ok=True)
        _path().write_text(site.home + "\n", encoding="utf-8")
    return missing()


def missing() -> str | None:
    """What keeps this machine from touching runs, as a sentence; None where nothing does."""
    wanted = Site.objects.filter(pk=1).values_list("home", flat=True).first()  # none before the site's first start
    found = _read()
    if wanted is None or found == wanted:
        return None
    home = settings.HOME
    name = f"{settings.RUNS_DIR.name}/{MARK}"
    lack = f"it has no file {name}" if found is None else f"its file {name} is that of another site"
    return (
        f"FFWEB_HOME={home} is not the folder that this site keeps its runs in: {lack}. Mount that folder there or set "
        f"FFWEB_HOME to it; if the runs have moved to {home}, write {wanted} into {_path()}."
    )


def takes_writes(seconds: float) -> bool:
    """Whether the database takes a write within `seconds`: else nobody can say in it that they are well."""
    begun = time.monotonic()
    Site.objects.filter(pk=1).update(beat=Now())
    return time.monotonic() - begun <= seconds


def _begun_here() -> bool:
    """Whether the folder of some run that has begun is here, as in a home from before there were marks."""
    begun = Run.objects.exclude(seq=0).order_by("-created").values_list("pk", flat=True)[:100]
    return any((settings.RUNS_DIR / run_id).is_dir() for run_id in begun)


def _path() -> Path:
    """Beside the runs: they may be a mount of their own."""
    return settings.RUNS_DIR / MARK


def _read() -> str | None:
    try:
        return _path().read_text(encoding="utf-8").strip() or None
    except (OSError, UnicodeDecodeError):
        return None
