"""`python manage.py serve`: what `make run` runs."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ffweb.serve.home import InUse
from ffweb.serve.site import serve


class Command(BaseCommand):
    help = "Runs the whole site on this machine: web, workers, janitor and, without REDIS_URL, an embedded Redis."
    site = staticmethod(serve)
    requires_system_checks = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--stop-with-parent", action="store_true", help="end when the starting process ends")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.site(self._say, stop_with_parent=options["stop_with_parent"])
        except InUse as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            where = f" ({error.filename})" if error.filename else ""
            raise CommandError(f"FFWeb cannot run: {error.strerror or error}{where}.") from error

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
