"""The row of a run. The JSON columns are the truth; `Fact` repeats a part of them for sorting and filtering."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.db import models
from django.utils import timezone

from ffweb.runs import status

CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"


def new_id() -> str:
    """8 characters of Crockford base32 (40 random bits): short to read out, no secret."""
    return "".join(secrets.choice(CROCKFORD) for _ in range(8))


class Run(models.Model):
    """One experiment. Its folder is FFWEB_HOME/runs/<id>/."""

    class Visibility(models.TextChoices):
        PRIVATE = "private"
        TEAM = "team"

    id = models.CharField(primary_key=True, max_length=8, default=new_id, editable=False)
    name = models.CharField(max_length=200)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="runs")
    preset = models.CharField(max_length=64, blank=True)
    config = models.JSONField()
    visibility = models.CharField(max_length=8, choices=Visibility.choices, default=Visibility.TEAM)
    tags = models.JSONField(default=list)
    notes = models.TextField(blank=True)
    starred = models.BooleanField(default=False)
    archived = models.BooleanField(default=False)
    deleted_at = models.DateTimeField(null=True, blank=True)
    group = models.CharField(max_length=8, blank=True, db_index=True)  # launched together: twins, seeds, a grid
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="clones")

    status = models.CharField(max_length=8, default=status.QUEUED, db_index=True)
    reason = models.TextField(blank=True)  # why it ended so, as a sentence
    field = models.CharField(max_length=200, blank=True)  # the config field that caused it, if one did
    queue = models.CharField(max_length=8, default="cpu", db_index=True)  # cpu | gpu, fixed when queued
    device = models.CharField(max_length=120, blank=True)  # as the trainer reports it
    worker = models.CharField(max_length=120, blank=True)

    created = models.DateTimeField(default=timezone.now, db_index=True)
    queued_at = models.DateTimeField(default=timezone.now)
    started = models.DateTimeField(null=True, blank=True)
    ended = models.DateTimeField(null=True, blank=True)

    # What the events said last; written by the follower in the same transaction as the points.
    progress = models.JSONField(default=dict)  # {done, eta_s, phase}
    latest = models.JSONField(default=dict)  # {metric: value}
    best = models.JSONField(default=dict)  # {metric: {best, best_step}} so far
    overall = models.JSONField(
        default=dict
    )  # {metric: [over the run so far, up to where]}, where that is no last value
    sparkline = models.JSONField(default=list)  # at most 40 values of test/accuracy
    result = models.JSONField(null=True, blank=True)  # result.json, whole
    layers = models.JSONField(default=list)  # of the start event
    metric_info = models.JSONField(default=dict)  # of the start event: {name: {unit, better, help}}
    environment = models.JSONField(default=dict)  # env.json
    total_steps = models.BigIntegerField(default=0)
    checkpoint_step = models.BigIntegerField(null=True, blank=True)
    console_tail = models.TextField(blank=True)  # the end of console.log once the trainer is gone

    # How far the events file has been stored.
    offset = models.BigIntegerField(default=0)  # bytes
    seq = models.BigIntegerField(default=0)
    step = models.BigIntegerField(default=0)
    epoch = models.FloatField(default=0.0)

    heard = models.DateTimeField(null=True, blank=True)  # when events were last stored, by the database's clock

    # Who works on it.
    stop_requested = models.BooleanField(default=False)
    resume_wanted = models.BooleanField(default=False)  # the next trainer continues from the checkpoint
    lease_owner = models.CharField(max_length=64, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True, db_index=True)
    host = models.CharField(max_length=120, blank=True)
    trainer_pid = models.IntegerField(null=True, blank=True)
    trainer_started = models.FloatField(null=True, blank=True)  # work.processes.born: pids are reused

    class Meta:
        ordering = ["-created"]
        indexes = [models.Index(fields=["queue", "status", "queued_at"])]

    def __str__(self) -> str:
        return f"{self.id} {self.name}"

    @property
    def is_active(self) -> bool:
        return self.status in status.ACTIVE


class Fact(models.Model):
    """One key of a run's config or result, flattened (`config.objective.theta`, `result.test/accuracy.best`)."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="facts")
    key = models.CharField(max_length=120)
    num = models.FloatField(null=True)
    txt = models.CharField(max_length=200, null=True)  # noqa: DJ001 - null is "no text", "" is an empty one

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "key"], name="fact_once")]
        indexes = [models.Index(fields=["key", "num", "run"]), models.Index(fields=["key", "txt", "run"])]

    def __str__(self) -> str:
        return f"{self.key}={self.num if self.txt is None else self.txt}"


class LogLine(models.Model):
    """One `log` event, kept for the console card."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="log_lines")
    seq = models.BigIntegerField()
    t = models.FloatField()
    level = models.CharField(max_length=8)
    text = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "seq"], name="log_once")]
        ordering = ["seq"]

    def __str__(self) -> str:
        return self.text


class Figure(models.Model):
    """A figure the trainer made (confusion, histograms, mistakes): its latest version, as JSON."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="figures")
    name = models.CharField(max_length=80)
    step = models.BigIntegerField()
    summary = models.TextField(blank=True)
    body = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "name"], name="figure_once")]

    def __str__(self) -> str:
        return f"{self.name} at step {self.step}"


class Share(models.Model):
    """A read-only link to one run for people without an account."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="shares")
    token_hash = models.CharField(max_length=64, unique=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    created = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"share {self.pk} of {self.run_id}"
