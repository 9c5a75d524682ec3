"""`python manage.py work`: more workers for a site that runs elsewhere."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ffweb.serve.home import InUse
from ffweb.serve.site import work


class Command(BaseCommand):
    help = "Runs this machine's workers for a site elsewhere: needs its REDIS_URL, DATABASE_URL and FFWEB_HOME."
    requires_system_checks = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--stop-with-parent", action="store_true", help="end when the starting process ends")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            work(self._say, stop_with_parent=options["stop_with_parent"])
        except InUse as error:
            raise CommandError(str(error)) from error

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
