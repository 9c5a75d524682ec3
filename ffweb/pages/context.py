"""What the frame around every page needs."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from ffweb import __version__
from ffweb.runs.status import STATUSES

# Word, url name, and the url names under which the entry is the current one.
NAV = (
    ("Runs", "runs", {"runs", "run", "new-run", "new-study", "study"}),
    ("Methods", "methods", {"methods"}),
    ("Team", "team", {"team"}),
)
STATUS_TABLE = {
    s.name: {"word": s.word, "icon": s.icon, "tone": s.tone, "sentence": s.sentence} for s in STATUSES.values()
}


def frame(request: HttpRequest) -> dict[str, Any]:
    """Theme from the cookie (so that the server renders it: no flash), navigation, statuses for scripts, version."""
    theme = request.COOKIES.get("theme", "")
    here = request.resolver_match.url_name if request.resolver_match else None
    return {
        "theme": theme if theme in ("light", "dark") else "",
        "nav": [{"word": word, "url": reverse(name), "current": here in names} for word, name, names in NAV],
        "statuses": STATUS_TABLE,
        "version": __version__,
    }
