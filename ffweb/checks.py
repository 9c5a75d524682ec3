"""`manage.py check --deploy`: what is fine on a laptop and not on a server."""

from __future__ import annotations

from itertools import islice
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register

from ffweb import private

LOCAL = {"127.0.0.1", "localhost", "[::1]", "::1"}


@register(Tags.security, deploy=True)
def deployment(**options: Any) -> list[CheckMessage]:
    """Each with what mends it, mostly an environment variable."""
    opened = [str(path) for path, _ in islice(private.open_to_others(settings.HOME), 3)]
    found = (
        (settings.DEBUG, "FFWEB_DEBUG is on: errors show source and settings.", "Unset FFWEB_DEBUG.", 1),
        (len(settings.SECRET_KEY) < 50, "The secret key is short.", "Set FFWEB_SECRET_KEY to 50 random characters.", 2),
        (
            "*" in settings.ALLOWED_HOSTS or set(settings.ALLOWED_HOSTS) <= LOCAL | {settings.HOST},
            "The site does not know its own name, so it cannot refuse others'.",
            "Set FFWEB_ALLOWED_HOSTS to the names it is reached by.",
            3,
        ),
        (not settings.HTTPS, "Cookies and tokens travel in the clear.", "Put TLS in front and set FFWEB_HTTPS=1.", 4),
        (not settings.REDIS_URL, "There is no REDIS_URL: other processes' news cannot arrive.", "Set REDIS_URL.", 5),
        (
            bool(opened),
            f"Others on this machine can open what is private: {', '.join(opened)}.",
            "Start the site once, which closes it, or chmod -R go= the folder.",
            6,
        ),
        (
            settings.HTTPS and not settings.PROXIES,
            "To the site all visitors have the proxy's address, so wrong passwords of one are counted against all.",
            "Set FFWEB_PROXY to the address or network of the proxy.",
            7,
        ),
    )
    return [Warning(msg, hint=hint, id=f"ffweb.W{number:03}") for wrong, msg, hint, number in found if wrong]
