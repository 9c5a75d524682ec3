"""What happens to runs whose worker is gone."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import psutil
import pytest
from django.db import connection
from django.db.utils import IntegrityError, OperationalError
from django.utils import timezone

from ffweb.live.follow import Follower
from ffweb.runs import status
from ffweb.runs.models import Run
from ffweb.work.ending import WorkerEnd
from ffweb.work.janitor import Janitor
from ffweb.work.lease import Lease
from ffweb.work.processes import born
from tests.waiting import PATIENCE, wait_until
from tests.work.fakes import again, folder, patient, sweep
from trainer.events import EventWriter

pytestmark = pytest.mark.django_db
QueueRun = Callable[..., Run]


@pytest.fixture
def abandon(queue_run: QueueRun) -> Callable[..., Run]:
    """A run whose worker has not renewed its lease."""

    def make(state: str = status.RUNNING, **fields: object) -> Run:
        run = queue_run()
        late = {"lease_owner": "w", "lease_until": timezone.now() - timedelta(seconds=1), "worker": "cpu@gone"}
        Run.objects.filter(pk=run.pk).update(status=state, **{**late, **fields})
        return again(run)

    return make


def write_events(run: Run, *, end: str | None) -> None:
    events = EventWriter(folder(run).create().events)
    events.write("start", metrics={}, layers=[], device="cpu", total_steps=9, resumed_from=None)
    events.metrics(step=1, epoch=0.1, images=1, flops=1, train_seconds=1, values={"train/loss": 0.5})
    if end:
        events.write("end", status=end, reason="the data set is corrupt", field="data.name")
    events.close()


def test_it_is_lost_and_everything_written_is_kept(abandon: Callable[..., Run]) -> None:
    run = abandon()
    write_events(run, end=None)
    assert sweep() == [run.pk]
    again(run)
    assert (run.status, run.seq, run.latest) == (status.LOST, 2, {"train/loss": 0.5})
    assert "cpu@gone" in run.reason
    assert run.ended
    assert run.lease_owner == ""


def test_it_is_what_its_last_event_says(abandon: Callable[..., Run]) -> None:
    run = abandon()
    write_events(run, end="failed")
    sweep()
    again(run)
    assert (run.status, run.reason, run.field) == (status.FAILED, "The data set is corrupt.", "data.name")


def test_the_supervisor_knows_how_the_worker_died(abandon: Callable[..., Run]) -> None:
    run = abandon(checkpoint_step=40)
    sweep(patient({"cpu@gone": WorkerEnd("was killed by SIGKILL")}.get))
    assert again(run).reason == "Its worker cpu@gone was killed by SIGKILL. The checkpoint of step 40 is kept."


@pytest.mark.parametrize("seconds", [-3600, -15, 5, 3600], ids=str)
def test_only_a_lease_that_nobody_renews_is_dead_whatever_the_clocks_say(
    abandon: Callable[..., Run], seconds: int
) -> None:
    """A clock that was set, a machine that slept: all that counts is whether the lease still changes."""
    run = abandon(lease_owner="me", lease_until=timezone.now() + timedelta(seconds=seconds))
    janitor = patient()
    for _ in range(30):
        assert janitor.sweep() == []
        assert Lease(run.pk, "me").renew()
    assert again(run).status == status.RUNNING
    assert sweep(janitor) == [run.pk]


def test_while_the_database_takes_no_writes_nobody_is_called_lost(
    abandon: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = abandon()
    janitor = patient()
    with monkeypatch.context() as patch:
        patch.setattr("ffweb.work.home.takes_writes", lambda seconds: False)
        assert sweep(janitor, 40) == []
    assert sweep(janitor, 9) == []  # from here on its worker could have renewed it
    assert sweep(janitor, 9) == [run.pk]


@pytest.mark.django_db(transaction=True)
def test_while_the_database_is_away_nobody_is_called_lost(
    abandon: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = abandon()
    janitor = patient()
    assert sweep(janitor, 9) == []
    with monkeypatch.context() as patch:
        patch.setattr("ffweb.work.lease.held", lambda: raise_(OperationalError("the database is away")))
        janitor._try(janitor.sweep)
    assert sweep(janitor, 9) == []
    assert sweep(janitor, 9) == [run.pk]


def raise_(error: Exception) -> None:
    raise error


@pytest.fixture
def orphan() -> Iterator[psutil.Process]:
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(600)"
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, start_new_session=True)
    assert process.stdout
    process.stdout.readline()
    yield psutil.Process(process.pid)
    process.kill()
    process.wait(PATIENCE)
    process.stdout.close()


def test_an_orphan_of_this_host_is_ended(abandon: Callable[..., Run], orphan: psutil.Process) -> None:
    janitor = patient()
    run = abandon(host=janitor._host, trainer_pid=orphan.pid, trainer_started=born(orphan.pid))
    sweep(janitor)
    assert orphan.wait(PATIENCE) == -signal.SIGKILL
    assert "was ended" in again(run).reason


@pytest.mark.parametrize("other", [{"host": "elsewhere"}, {"trainer_started": 1.0}])
def test_a_process_that_is_not_its_trainer_is_left_alone(
    abandon: Callable[..., Run], orphan: psutil.Process, other: dict[str, object]
) -> None:
    janitor = patient()
    fields = {"host": janitor._host, "trainer_pid": orphan.pid, "trainer_started": born(orphan.pid)} | other
    abandon(**fields)
    assert len(sweep(janitor)) == 1
    assert orphan.is_running()


def test_events_that_cannot_be_understood_do_not_keep_a_run_running(
    abandon: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: object) -> int:
        raise ValueError("no such thing")

    monkeypatch.setattr("ffweb.live.follow.Follower.drain", broken)
    run = abandon()
    sweep()
    assert again(run).status == status.LOST


def test_what_the_database_does_not_take_of_one_run_keeps_no_other_from_its_end(
    abandon: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    poison, other = abandon(), abandon()
    write_events(other, end="failed")
    really = Follower.drain

    def drain(self: Follower) -> int:
        if self.run_id == poison.pk:
            raise IntegrityError("CHECK constraint failed: JSON_VALID")
        return really(self)

    monkeypatch.setattr(Follower, "drain", drain)
    janitor = patient()
    assert sorted(sweep(janitor)) == sorted([poison.pk, other.pk])
    assert (again(poison).status, again(other).status) == (status.LOST, status.FAILED)
    janitor.look_again()


def test_a_trainer_that_ended_since_its_worker_was_gone_was_not_stopped_by_anybody(abandon: Callable[..., Run]) -> None:
    gone, asked = abandon(), abandon(stop_requested=True)
    for run in (gone, asked):
        write_events(run, end="stopped")
    sweep()
    assert (again(gone).status, again(asked).status) == (status.LOST, status.STOPPED)


def test_a_lost_run_whose_trainer_ended_later_for_want_of_its_worker_stays_lost(abandon: Callable[..., Run]) -> None:
    run = abandon()
    write_events(run, end=None)
    janitor = patient()
    sweep(janitor)
    EventWriter(folder(run).events).write("end", status="stopped", reason="its worker is gone", field=None)
    janitor.look_again()
    assert again(run).status == status.LOST


def test_a_lost_run_that_ended_well_after_all_says_so(abandon: Callable[..., Run]) -> None:
    run = abandon()
    write_events(run, end=None)
    janitor = patient()
    sweep(janitor)
    janitor.look_again()
    assert again(run).status == status.LOST
    events = EventWriter(folder(run).events)
    events.write("end", status="finished", reason="finished", field=None)
    janitor.look_again()
    assert again(run).status == status.FINISHED


def test_it_rings_once_for_each_run_that_waits(queue_run: QueueRun, monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[tuple[str, int]] = []
    monkeypatch.setattr("ffweb.work.janitor.ring", lambda queue, times: rung.append((queue, times)))
    Janitor().ring()
    queue_run(), queue_run(), queue_run(queue="gpu")
    Janitor().ring()
    assert sorted(rung) == [("cpu", 2), ("gpu", 1)]


def test_the_folder_of_a_purged_run_goes_too(queue_run: QueueRun) -> None:
    run = queue_run()
    path: Path = folder(run).create().path
    Run.objects.filter(pk=run.pk).update(deleted_at=timezone.now() - timedelta(days=31), status=status.STOPPED)
    Janitor().purge()
    assert not path.exists()
    assert not Run.objects.filter(pk=run.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_several_janitors_bury_a_run_once(abandon: Callable[..., Run]) -> None:
    runs = {abandon().pk for _ in range(6)}
    taken: list[str] = []
    threads = [threading.Thread(target=lambda: taken.extend(sweep_and_close())) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=PATIENCE)
    assert sorted(taken) == sorted(runs)
    assert Run.objects.filter(status=status.LOST).count() == 6


def sweep_and_close() -> list[str]:
    try:
        return sweep()
    finally:
        connection.close()


def test_rounds_go_on_when_the_database_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    stop = threading.Event()
    rounds: list[int] = []

    def away() -> list[str]:
        rounds.append(1)
        if len(rounds) == 2:
            stop.set()
        raise OperationalError("the database is away")

    janitor = Janitor()
    monkeypatch.setattr("ffweb.work.janitor.SWEEP_SECONDS", 0.01)
    monkeypatch.setattr(janitor, "sweep", away)
    thread = threading.Thread(target=janitor.run, args=(stop,))
    thread.start()
    wait_until(lambda: not thread.is_alive(), "two rounds")
    assert len(rounds) == 2
