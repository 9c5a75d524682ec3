"""The Celery app. A message is a bell without content: tasks claim work from the database."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ffweb.settings")


def log_as_the_site_does(**kwargs: Any) -> None:
    """With a receiver Celery adds no handlers of its own: Django's, which hold no secrets, are all there are."""


setup_logging.connect(log_as_the_site_does)
app = Celery("ffweb")
app.config_from_object("ffweb.work.celeryconfig")
app.autodiscover_tasks(["ffweb.work"])
