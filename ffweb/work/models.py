"""Which workers are there, and which home folder is the site's."""

from __future__ import annotations

from django.db import models


class Worker(models.Model):
    """One Celery worker, by its node name; `seen` is renewed every two seconds."""

    name = models.CharField(primary_key=True, max_length=120)
    queue = models.CharField(max_length=8)  # cpu | gpu
    host = models.CharField(max_length=120)
    device = models.CharField(max_length=120)  # what its trainers compute on: "cpu", "cuda:0 NVIDIA H200", …
    slots = models.IntegerField(default=1)
    meters = models.JSONField(default=dict)  # what can be measured there: {"energy": "NVML" | null, …}
    pid = models.IntegerField(null=True, blank=True)
    pid_started = models.FloatField(null=True, blank=True)  # processes.born: pids are reused
    trouble = models.TextField(blank=True)  # why it takes no runs, as a sentence
    seen = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.name


class Site(models.Model):
    """One row: what every machine of this site has to find in its FFWEB_HOME (home.py), and a place to write to."""

    home = models.CharField(max_length=64)
    beat = models.DateTimeField(null=True, blank=True)  # written to find out whether writing works

    def __str__(self) -> str:
        return self.home
