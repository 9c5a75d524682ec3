"""Which workers are there."""

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
    seen = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.name
