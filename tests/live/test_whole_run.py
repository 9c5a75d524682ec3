"""A run's row is told of the whole run, however its events came: in one piece, in many, after a resume."""

from __future__ import annotations

from pathlib import Path

import pytest
from live_events import Pushed, Trainer

from ffweb.live.follow import Follower
from ffweb.runs.models import Run
from ffweb.runs.queries import run_payload

SPEED, RSS = "speed/images_per_second", "memory/rss"


def train(trainer: Trainer, *points: tuple[float, float]) -> Trainer:
    """One step a point, each of half a second."""
    for speed, held in points:
        trainer.train(1, speed__images_per_second=speed, memory__rss=held)
    return trainer


def latest(run: Run) -> dict[str, float | None]:
    run.refresh_from_db()
    return dict(run_payload(run)["latest"])


def test_a_finished_run_is_told_of_all_of_it(run: Run, folder: Path, pushed: Pushed) -> None:
    trainer, follower = Trainer(folder), Follower(run.pk, folder)
    for point in ((100.0, 5.0), (300.0, 9.0), (20.0, 6.0)):
        train(trainer, point)
        follower.poll()
    assert latest(run)[SPEED] == pytest.approx(140)  # the mean over equal seconds, not the last 20
    assert latest(run)[RSS] == 9.0
    assert latest(run)["train/loss"] == pytest.approx(1 / 3)
    assert run.heard is not None


def test_a_resume_tells_of_what_still_counts(run: Run, folder: Path, pushed: Pushed) -> None:
    follower = Follower(run.pk, folder)
    train(Trainer(folder), (100.0, 5.0), (300.0, 9.0), (20.0, 99.0))
    follower.poll()
    train(Trainer(folder, resumed_from=2), (500.0, 7.0))
    follower.poll()
    assert latest(run)[SPEED] == pytest.approx(300)
    assert latest(run)[RSS] == 9.0
    train(Trainer(folder, begin=False, resumed_from=3), (700.0, 8.0))
    follower.poll()
    assert latest(run)[SPEED] == pytest.approx(400)


def test_the_result_has_the_last_word(run: Run, folder: Path, pushed: Pushed) -> None:
    trainer = train(Trainer(folder), (100.0, 5.0))
    odd = {"train/loss": "low", "test/accuracy": None, SPEED: 3}
    told = {RSS: {"last": 6.0, "over": 8.0}, "time/e2e": {"last": 4.0, "over": 4.0}}
    trainer.write("result", metrics=odd | told).end()
    Follower(run.pk, folder).drain()
    assert latest(run)[RSS] == 8.0
    assert latest(run)[SPEED] == 100.0  # a result that is not one changes nothing
    assert "time/e2e" not in latest(run)  # nor does it bring series that nobody measured


def test_the_rule_is_that_of_the_runs_own_version(run: Run, folder: Path, pushed: Pushed) -> None:
    trainer = Trainer(folder, begin=False)
    rule = {"unit": "", "better": None, "help": "", "over": "peak"}
    trainer.events.write("start", metrics={"heat": rule, RSS: rule | {"over": "?"}}, layers=[])
    trainer.train(1, heat=3.0, memory__rss=7.0).train(1, heat=1.0, memory__rss=2.0)
    Follower(run.pk, folder).drain()
    assert (latest(run)["heat"], latest(run)[RSS]) == (3.0, 7.0)
