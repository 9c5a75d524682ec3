"""`python manage.py janitor`: a janitor of its own, for a machine whose workers are started by hand."""

from __future__ import annotations

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from ffweb.work.janitor import Janitor


class Command(BaseCommand):
    help = "Says which runs have lost their worker, and rings for those that wait. Several janitors may run."
    requires_system_checks = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="one round of about a quarter of a minute, then end")

    def handle(self, *args: Any, **options: Any) -> None:
        janitor = Janitor()
        if options["once"]:
            janitor.once()
            return
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        janitor.run(stop)
