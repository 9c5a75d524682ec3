"""Series in chunks: about a thousand points a row, never one row a point (600 times slower to read)."""

from __future__ import annotations

from django.db import models

from ffweb.runs.models import Run


class Chunk(models.Model):
    """Up to 1,024 points of one series. Row k is step0 + k * stride; `x` holds the steps where they are irregular."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="+")
    metric = models.CharField(max_length=80)
    index = models.IntegerField()
    step0 = models.BigIntegerField()
    stride = models.BigIntegerField()
    n = models.IntegerField()
    min = models.FloatField(null=True)  # of the finite values
    max = models.FloatField(null=True)
    first = models.FloatField(null=True)
    last = models.FloatField(null=True)
    y = models.BinaryField()  # float64, little endian
    x = models.BinaryField(null=True)  # int64 steps, null where step0 and stride say it all

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "metric", "index"], name="chunk_once")]

    def __str__(self) -> str:
        return f"{self.metric}[{self.index}]"


class Pyramid(models.Model):
    """The least and greatest point of every 16 (level 1) and 256 points (level 2) of a series' full chunks.

    Apart from the chunks so that big blobs are not walked; a row holds 1,024 buckets of (x_min, min, x_max, max).
    """

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="+")
    metric = models.CharField(max_length=80)
    level = models.SmallIntegerField()
    index = models.IntegerField()
    n = models.IntegerField()  # buckets
    blob = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "metric", "level", "index"], name="pyramid_once")]

    def __str__(self) -> str:
        return f"{self.metric}^{self.level}[{self.index}]"


class Block(models.Model):
    """The raw lines of one stored batch of events: what sockets replay from, so that the web needs no run folder."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="+")
    seq0 = models.BigIntegerField()
    n = models.IntegerField()
    body = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "seq0"], name="block_once")]
        ordering = ["seq0"]

    def __str__(self) -> str:
        return f"{self.run_id} {self.seq0}+{self.n}"
