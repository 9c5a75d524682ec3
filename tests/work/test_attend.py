"""One run from claim to end, attended in this process; the trainer is a real process that trains nothing."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import psutil
import pytest
from django.conf import LazySettings
from django.db import connection
from django.db.utils import OperationalError

from ffweb.live.follow import Follower
from ffweb.runs import status
from ffweb.runs.models import Run
from ffweb.work.attend import Attendance, LeaseLost, shutting_down
from ffweb.work.lease import Lease, claim_oldest
from ffweb.work.tasks import attend
from tests.waiting import PATIENCE
from tests.work.fakes import again, folder, starts

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("fake_trainer")]
QueueRun = Callable[..., Run]


def claim() -> Lease:
    lease = claim_oldest("cpu", worker="cpu@test", host="test")
    assert lease
    return lease


@contextmanager
def after_events(run: Run, count: int, do: Callable[[], None]) -> Iterator[None]:
    """Do something while the run is attended, once its trainer has written `count` events."""
    events = folder(run).events
    attended = threading.Event()

    def watch() -> None:
        while not attended.wait(0.01):
            if events.exists() and events.read_bytes().count(b"\n") >= count:
                return do()
        return None

    watcher = threading.Thread(target=watch)
    watcher.start()
    yield
    attended.set()
    watcher.join(timeout=PATIENCE)


def press_stop(run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(stop_requested=True)
    connection.close()  # this thread's own


def test_a_stop_before_the_training_began(queue_run: QueueRun) -> None:
    run = queue_run(steps=10_000, pause=0.02)
    lease = claim()
    press_stop(run)
    Attendance(lease).attend()
    assert again(run).status == status.STOPPED


@pytest.fixture(autouse=True)
def _no_shutdown() -> Iterator[None]:
    yield
    shutting_down.clear()


def test_a_run_is_followed_to_its_end(queue_run: QueueRun) -> None:
    run = queue_run(steps=5)
    Attendance(claim()).attend()
    again(run)
    assert (run.status, run.reason, run.lease_owner, run.trainer_pid) == (status.FINISHED, "", "", None)
    assert run.seq == 8  # start, five steps, checkpoint, end
    assert run.latest["train/loss"] == pytest.approx(0.2)
    assert run.started
    assert run.ended
    assert run.worker == "cpu@test"


def test_the_trainer_sees_no_secrets_and_no_gpu(queue_run: QueueRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FFWEB_SECRET_KEY", "s")
    monkeypatch.setenv("DATABASE_URL_FILE", "s")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    run = queue_run(steps=1)
    Attendance(claim()).attend()
    started = json.loads((folder(run).path / "starts").read_text())
    assert started["env"]["CUDA_VISIBLE_DEVICES"] == ""
    assert not {"FFWEB_SECRET_KEY", "DATABASE_URL_FILE", "REDIS_URL"} & set(started["env"])
    assert "--parent-pipe" in started["argv"]
    assert "--resume" not in started["argv"]


def test_a_stop_is_passed_on_and_the_run_is_stopped(queue_run: QueueRun) -> None:
    run = queue_run(steps=10_000, pause=0.02)
    with after_events(run, 3, partial(press_stop, run)):
        Attendance(claim()).attend()
    again(run)
    assert run.status == status.STOPPED
    assert run.reason.startswith("Stopped on request")
    assert run.stop_requested is False
    assert folder(run).checkpoint.exists()


def test_a_trainer_that_does_not_stop_is_killed(queue_run: QueueRun, settings: LazySettings) -> None:
    settings.STOP_GRACE_SECONDS = 0.4
    run = queue_run(steps=10_000, pause=0.02, ignore=True)
    with after_events(run, 3, partial(press_stop, run)):
        Attendance(claim()).attend()
    again(run)
    assert run.status == status.STOPPED
    assert "did not stop by itself" in run.reason


def test_kill_9_of_the_trainer_is_a_failure_with_the_signal_named(queue_run: QueueRun) -> None:
    run = queue_run(steps=50, kill_at=4)
    Attendance(claim()).attend()
    again(run)
    assert run.status == status.FAILED
    assert "SIGKILL" in run.reason
    assert run.seq == 4  # what it had written is stored
    assert run.ended is not None


def test_an_exit_without_a_word_shows_the_end_of_the_console(queue_run: QueueRun) -> None:
    run = queue_run(steps=50, exit_at=3)
    Attendance(claim()).attend()
    again(run)
    assert run.status == status.FAILED
    assert "exit code 7" in run.reason
    assert "Something went wrong here." in run.reason
    assert "Something went wrong here." in run.console_tail


def test_a_run_whose_folder_is_out_of_sight_when_its_trainer_ends_goes_on_by_itself(queue_run: QueueRun) -> None:
    run = queue_run(steps=400, pause=0.01)
    away = folder(run).path.with_name("away")

    def take_away() -> None:
        folder(run).path.rename(away)
        os.killpg(trainer_of(run), signal.SIGKILL)  # as it dies of the first file that it cannot write

    with after_events(run, 5, take_away):
        Attendance(claim()).attend()
    assert (again(run).status, run.resume_wanted) == (status.QUEUED, True)
    assert "goes on by itself" in run.reason
    away.rename(folder(run).path)
    Attendance(claim()).attend()
    assert (again(run).status, run.step) == (status.FINISHED, 400)
    assert run.seq == folder(run).events.read_bytes().count(b"\n")


def trainer_of(run: Run) -> int:
    mine = [p.pid for p in psutil.process_iter(["cmdline"]) if str(folder(run).config) in (p.info["cmdline"] or [])]
    return mine[0]


def test_events_that_cannot_be_read_are_named_and_what_came_before_is_kept(queue_run: QueueRun) -> None:
    run = queue_run(steps=3, garbage_at=3)
    Attendance(claim()).attend()
    again(run)
    assert (run.status, run.step, run.seq) == (status.FAILED, 2, 3)
    assert "Its events file cannot be read to its end" in run.reason
    assert "kept" in run.reason


def test_a_worker_that_is_shut_down_gives_its_run_back_and_it_goes_on(queue_run: QueueRun) -> None:
    run = queue_run(steps=100, pause=0.01)
    with after_events(run, 5, shutting_down.set):
        Attendance(claim()).attend()
    again(run)
    assert (run.status, run.resume_wanted, run.lease_owner) == (status.QUEUED, True, "")
    assert "goes on by itself" in run.reason
    shutting_down.clear()
    Attendance(claim()).attend()
    again(run)
    assert (run.status, run.resume_wanted, run.reason) == (status.FINISHED, False, "")
    assert starts(run) == 2
    assert run.step == 100


def test_a_lost_lease_ends_the_trainer_and_writes_nothing(queue_run: QueueRun, settings: LazySettings) -> None:
    settings.BEAT_SECONDS = 0.1
    run = queue_run(steps=10_000, pause=0.02)
    attendance = Attendance(claim())
    Run.objects.filter(pk=run.pk).update(lease_owner="somebody else")
    with pytest.raises(LeaseLost):
        attendance.attend()
    assert again(run).status == status.STARTING
    assert run.lease_owner == "somebody else"
    assert not [p for p in psutil.process_iter(["cmdline"]) if run.pk in " ".join(p.info["cmdline"] or [])]


def test_a_trainer_that_cannot_be_started_fails_the_run(queue_run: QueueRun, settings: LazySettings) -> None:
    settings.TRAINER = "/nowhere/python"
    run = queue_run()
    Attendance(claim()).attend()
    assert again(run).status == status.FAILED
    assert "/nowhere/python" in run.reason


def test_a_defect_in_the_worker_fails_the_run_and_not_the_worker(
    queue_run: QueueRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: object) -> int:
        raise ValueError("no such thing")

    monkeypatch.setattr("ffweb.live.follow.Follower.poll", broken)
    run = queue_run(steps=10_000, pause=0.02)
    attend(claim())
    assert again(run).status == status.FAILED
    assert "ValueError: no such thing" in run.reason


def test_a_database_that_is_away_for_a_moment_changes_nothing(
    queue_run: QueueRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = queue_run(steps=20)
    calls = {"drain": 0, "poll": 0}

    def away(name: str, often: int) -> None:
        really = getattr(Follower, name)

        def sometimes(self: Follower) -> int:
            calls[name] += 1
            if calls[name] <= often:
                raise OperationalError("the database is away")
            return int(really(self))

        monkeypatch.setattr(Follower, name, sometimes)

    away("poll", 3)
    away("drain", 2)
    Attendance(claim()).attend()
    assert (again(run).status, run.step, run.reason) == (status.FINISHED, 20, "")
    assert calls["drain"] == 3


def test_what_the_trainer_left_behind_goes_with_it(queue_run: QueueRun) -> None:
    run = queue_run(steps=3, child=True)
    Attendance(claim()).attend()
    assert again(run).status == status.FINISHED
    child = int((folder(run).path / "child").read_text())
    assert not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE


def test_a_shutdown_before_the_first_checkpoint_starts_the_run_anew(queue_run: QueueRun) -> None:
    run = queue_run(steps=20)
    lease = claim()
    shutting_down.set()
    Attendance(lease).attend()
    assert again(run).status == status.QUEUED
    shutting_down.clear()
    Attendance(claim()).attend()
    assert (again(run).status, run.step) == (status.FINISHED, 20)


def test_a_trainer_that_refuses_to_go_on_leaves_the_run_what_it_was(queue_run: QueueRun) -> None:
    run = queue_run(steps=10_000, pause=0.02, refuse=True)
    with after_events(run, 3, partial(press_stop, run)):
        Attendance(claim()).attend()
    before = {name: (folder(run).path / name).read_bytes() for name in ("config.json", "events.jsonl", "checkpoint.pt")}
    Run.objects.filter(pk=run.pk).update(status=status.QUEUED, reason="")
    Attendance(claim()).attend()
    again(run)
    assert run.status == status.STOPPED
    assert "It could not go on." in run.reason
    assert "npz:own is gone" in run.reason
    assert run.latest["train/loss"]
    assert {name: (folder(run).path / name).read_bytes() for name in before} == before
    assert starts(run) == 2
