"""The Celery app. A message is a bell without content: tasks claim work from the database."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ffweb.settings")

app = Celery("ffweb")
app.config_from_object("ffweb.work.celeryconfig")
app.autodiscover_tasks(["ffweb.work"])
