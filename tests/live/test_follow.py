"""The follower on real files and a real database: once, in order, across crashes and rivals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import orjson
import pytest
from live_events import Pushed, Trainer, body

from ffweb.live import follow, replay
from ffweb.live.follow import Follower
from ffweb.metrics import read, store
from ffweb.metrics.models import Block
from ffweb.runs import status
from ffweb.runs.models import Figure, LogLine, Run


def stored(run: Run) -> bytes:
    return b"".join(bytes(block) for block in Block.objects.filter(run=run).values_list("body", flat=True))


def losses(run: Run) -> list[int]:
    return read.points(run.pk, "train/loss")[0].tolist()


def test_what_is_written_is_stored_and_pushed_once(run: Run, folder: Path, pushed: Pushed) -> None:
    follower = Follower(run.pk, folder)
    assert follower.poll() == 0
    assert not follower.started
    trainer = Trainer(folder).train(3)
    assert follower.poll() == 4
    assert follower.started
    assert follower.poll() == 0
    trainer.train(7).write("log", level="info", text="hello").end()
    assert follower.drain() == 9
    assert follower.end is not None
    assert (follower.end["status"], follower.end["reason"]) == ("finished", "All done.")
    assert stored(run) == body(folder)
    assert pushed.seqs() == list(range(1, 14))
    run.refresh_from_db()
    assert (run.seq, run.offset, run.step, run.total_steps) == (13, len(body(folder)), 10, 1000)
    assert run.sparkline == [0.8, 0.9]
    assert run.latest["test/accuracy"] == 0.9
    assert losses(run) == list(range(1, 11))
    assert list(LogLine.objects.values_list("seq", "text")) == [(12, "hello")]


def test_a_torn_line_waits_for_its_end(run: Run, folder: Path, pushed: Pushed) -> None:
    Trainer(folder).train(1)
    whole = body(folder)
    path = folder / "events.jsonl"
    follower = Follower(run.pk, folder)
    for size in range(0, len(whole), 7):
        path.write_bytes(whole[:size])
        follower.poll()
    path.write_bytes(whole)
    follower.poll()
    assert stored(run) == whole
    assert pushed.seqs() == [1, 2]


def test_a_new_follower_goes_on_where_the_last_one_died(run: Run, folder: Path, pushed: Pushed) -> None:
    trainer = Trainer(folder).train(2000)
    for _ in range(3):
        Follower(run.pk, folder).poll()
        trainer.train(5)
    Follower(run.pk, folder).drain()
    assert stored(run) == body(folder)
    assert losses(run) == list(range(1, 2016))
    assert pushed.seqs() == list(range(1, 2017))


def test_a_crash_before_the_commit_stores_nothing_and_the_next_poll_all(
    run: Run, folder: Path, pushed: Pushed, monkeypatch: pytest.MonkeyPatch
) -> None:
    Trainer(folder).train(5)
    follower = Follower(run.pk, folder)
    follower.poll()
    Trainer(folder, begin=False, resumed_from=5).train(5)
    with monkeypatch.context() as patch:
        patch.setattr(follow, "_store_logs", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            follower.poll()
    run.refresh_from_db()
    assert run.seq == 6
    assert losses(run) == [1, 2, 3, 4, 5]
    assert follower.poll() == 5
    assert losses(run) == list(range(1, 11))
    assert pushed.seqs() == list(range(1, 12))


def test_of_two_followers_each_event_is_stored_by_one(run: Run, folder: Path, pushed: Pushed) -> None:
    one, other = Follower(run.pk, folder), Follower(run.pk, folder)
    trainer = Trainer(folder)
    for follower in (one, other, other, one, other):
        trainer.train(3)
        follower.poll()
    one.drain()
    other.drain()
    assert stored(run) == body(folder)
    assert losses(run) == list(range(1, 16))
    assert pushed.seqs() == list(range(1, 17))


def test_a_resume_drops_points_and_figures_and_tells_the_row_anew(run: Run, folder: Path, pushed: Pushed) -> None:
    trainer = Trainer(folder).train(10, train__loss=0.001)
    (folder / "figures" / "confusion.json").write_bytes(orjson.dumps({"labels": ["0"], "matrix": [[1]]}))
    trainer.write("figure", name="confusion", step=10, file="confusion.json", summary="")
    follower = Follower(run.pk, folder)
    follower.poll()
    assert Figure.objects.get().body == {"labels": ["0"], "matrix": [[1]]}
    run.refresh_from_db()
    assert run.sparkline == [0.8, 0.9]
    Trainer(folder, resumed_from=7).train(1)
    follower.poll()
    assert losses(run) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert not Figure.objects.exists()
    run.refresh_from_db()
    assert (run.step, run.epoch, run.sparkline) == (8, 0.8, [0.8])
    assert run.latest["train/loss"] == 1 / 8
    assert run.best["train/loss"] == {"best": 0.001, "best_step": 1}
    assert run.best["test/accuracy"] == {"best": 0.8, "best_step": 5}
    assert stored(run) == body(folder)


def test_a_figure_that_cannot_be_read_stops_nothing(run: Run, folder: Path, pushed: Pushed) -> None:
    trainer = Trainer(folder)
    (folder / "figures" / "torn.json").write_bytes(b"{")
    (folder.parent / "secret.json").write_bytes(b"{}")
    for file in ("torn.json", "gone.json", "../secret.json"):
        trainer.write("figure", name=file, step=0, file=file, summary="")
    assert Follower(run.pk, folder).poll() == 4
    assert not Figure.objects.exists()


def test_after_a_crash_behind_the_last_commit_the_end_is_still_known(run: Run, folder: Path, pushed: Pushed) -> None:
    Trainer(folder).train(1).end("diverged", "Loss of layer 1 at step 1.")
    Follower(run.pk, folder).drain()
    assert Follower(run.pk, folder).end is None  # queued again or starting: that end is of an earlier attempt
    Run.objects.filter(pk=run.pk).update(status=status.RUNNING)
    janitor = Follower(run.pk, folder)
    assert janitor.drain() == 0
    assert janitor.started
    assert janitor.end is not None
    assert janitor.end["status"] == "diverged"


def test_only_the_newest_blocks_are_kept(
    run: Run, folder: Path, pushed: Pushed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay, "KEEP", 100)
    monkeypatch.setattr(replay, "PRUNE_EVERY", 10)
    trainer = Trainer(folder)
    follower = Follower(run.pk, folder)
    for _ in range(50):
        trainer.train(7)
        follower.poll()
    first = Block.objects.filter(run=run).order_by("seq0").values_list("seq0", flat=True)[0]
    assert 351 - 100 - 20 < first <= 351 - 100
    assert losses(run) == list(range(1, 351))
    with pytest.raises(replay.TooOld):
        replay.after(run.pk, first - 2)
    assert replay.after(run.pk, first - 1)[0].seq0 == first
    with pytest.raises(replay.TooOld):
        replay.after(run.pk, 351)


def test_the_row_is_pushed_at_once_when_it_matters_and_seldom_otherwise(run: Run, folder: Path, pushed: Pushed) -> None:
    trainer = Trainer(folder)
    follower = Follower(run.pk, folder)
    follower.poll()
    assert [what for what, _ in pushed] == ["events", "run"]
    for _ in range(5):
        trainer.train(1)
        follower.poll()
    assert [what for what, _ in pushed].count("run") == 1
    trainer.end()
    follower.poll()
    assert pushed[-1] == ("run", None)


def test_a_long_line_is_read_whole(run: Run, folder: Path, pushed: Pushed) -> None:
    Trainer(folder).write("log", level="info", text="x" * (follow.READ_BYTES * 3)).train(1)
    assert Follower(run.pk, folder).drain() == 3
    assert losses(run) == [1]


def test_the_store_answers_while_it_grows(run: Run, folder: Path, pushed: Pushed) -> None:
    trainer, follower = Trainer(folder), Follower(run.pk, folder)
    for _ in range(4):
        trainer.train(600)
        follower.drain()
        found = store.window(run.pk, ["train/loss"], points=50)["train/loss"]
        assert (found.x[0], found.x[-1], found.total) == (1, trainer.step, trainer.step)
    assert np.isfinite(found.y).all()
