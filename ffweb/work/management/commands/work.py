"""`python manage.py work`: more workers for a site that runs elsewhere."""

from __future__ import annotations

from ffweb.serve.site import work
from ffweb.work.management.commands.serve import Command as Serve


class Command(Serve):
    help = "Runs this machine's workers for a site elsewhere: needs its REDIS_URL, DATABASE_URL and FFWEB_HOME."
    site = staticmethod(work)
