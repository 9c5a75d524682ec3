"""What the frame around every page needs."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from ffweb import __version__


def frame(request: HttpRequest) -> dict[str, Any]:
    """Theme from the cookie (so that the server renders it: no flash) and the version for the footer."""
    theme = request.COOKIES.get("theme", "")
    return {"theme": theme if theme in ("light", "dark") else "", "version": __version__}
