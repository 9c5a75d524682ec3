"""A machine that does not see the folder of the runs touches none of them, and says what it lacks."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command

from ffweb.runs import services, status
from ffweb.runs.errors import Refused
from ffweb.runs.models import Run
from ffweb.serve import site
from ffweb.work import home, tasks
from ffweb.work.attend import Attendance
from ffweb.work.lease import claim_oldest
from tests.work.fakes import again, folder, patient

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("fake_trainer")]
QueueRun = Callable[..., Run]


@pytest.fixture
def here(settings: LazySettings, tmp_path: Path) -> Path:
    """A home of this test's own, marked as the site's."""
    settings.HOME, settings.RUNS_DIR = tmp_path / "home", tmp_path / "home" / "runs"
    settings.RUNS_DIR.mkdir(parents=True)
    assert home.mark() is None
    return Path(settings.HOME)


def elsewhere(settings: LazySettings, tmp_path: Path) -> Path:
    """From here on this machine sees another folder, as where nothing is mounted."""
    settings.HOME, settings.RUNS_DIR = tmp_path / "bare", tmp_path / "bare" / "runs"
    settings.RUNS_DIR.mkdir(parents=True)
    return Path(settings.HOME)


def begun(queue_run: QueueRun, steps: int = 3) -> Run:
    run = queue_run(steps=steps)
    lease = claim_oldest("cpu", worker="cpu@test", host="test")
    assert lease
    Attendance(lease).attend()
    return again(run)


def test_a_second_start_and_a_new_database_keep_the_mark(here: Path) -> None:
    mark = (here / "runs" / home.MARK).read_text()
    assert home.mark() is None
    home.Site.objects.all().delete()
    assert home.mark() is None
    assert (here / "runs" / home.MARK).read_text() == mark


def test_before_there_is_anything_to_lose_a_new_home_becomes_the_site_s(
    here: Path, settings: LazySettings, tmp_path: Path
) -> None:
    elsewhere(settings, tmp_path)
    assert home.missing()
    assert home.mark() is None


def test_a_home_from_before_there_were_marks_is_known_by_its_runs(here: Path, queue_run: QueueRun) -> None:
    begun(queue_run)
    (here / "runs" / home.MARK).unlink()
    assert home.mark() is None


def test_the_sentence_says_what_would_work(
    here: Path, settings: LazySettings, tmp_path: Path, queue_run: QueueRun
) -> None:
    begun(queue_run)
    bare = elsewhere(settings, tmp_path)
    why = home.mark()
    assert why is not None
    assert f"FFWEB_HOME={bare} is not the folder that this site keeps its runs in: it has no file runs/site.id." in why
    (bare / "runs" / home.MARK).write_text("another\n")
    assert "its file runs/site.id is that of another site" in (home.missing() or "")
    wanted = why.split("write ")[1].split()[0]
    (bare / "runs" / home.MARK).write_text(wanted)
    assert home.missing() is None


def test_neither_a_start_nor_workers_nor_a_janitor_go_to_work_there(
    here: Path, settings: LazySettings, tmp_path: Path, queue_run: QueueRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun(queue_run)
    waiting = queue_run(steps=3)
    elsewhere(settings, tmp_path)
    bell = type("Bell", (), {"request": type("R", (), {"delivery_info": {"routing_key": "cpu"}, "hostname": "w"})})()
    tasks.answer(bell)
    assert again(waiting).status == status.QUEUED

    Run.objects.filter(pk=waiting.pk).update(status=status.RUNNING, lease_owner="w", worker="gone")
    assert patient()._sees_runs() is False
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    with pytest.raises(ImproperlyConfigured, match="is not the folder that this site keeps its runs in"):
        site.work(print)


def test_a_run_whose_folder_is_gone_is_not_trained_anew(here: Path, queue_run: QueueRun) -> None:
    run = begun(queue_run, steps=50)
    shutil.rmtree(folder(run).path)
    Run.objects.filter(pk=run.pk).update(status=status.QUEUED, resume_wanted=True)
    lease = claim_oldest("cpu", worker="cpu@test", host="test")
    assert lease
    Attendance(lease).attend()
    assert again(run).status == status.FAILED
    assert "events.jsonl is not there. Put its folder back or clone the run." in run.reason
    assert not folder(run).config.exists()


def test_a_run_whose_events_are_those_of_an_older_copy_is_not_gone_on_with(here: Path, queue_run: QueueRun) -> None:
    run = begun(queue_run, steps=50)
    lines = folder(run).events.read_bytes().splitlines(keepends=True)
    folder(run).events.write_bytes(b"".join(lines[:10]))
    Run.objects.filter(pk=run.pk).update(status=status.QUEUED, resume_wanted=True)
    lease = claim_oldest("cpu", worker="cpu@test", host="test")
    assert lease
    Attendance(lease).attend()
    assert again(run).status == status.FAILED
    assert "bytes stored" in run.reason
    assert folder(run).events.read_bytes() == b"".join(lines[:10])


def test_a_checkpoint_that_is_not_seen_is_not_called_unwritten(here: Path, queue_run: QueueRun) -> None:
    run = begun(queue_run)
    Run.objects.filter(pk=run.pk).update(status=status.FAILED)
    folder(again(run)).checkpoint.unlink()
    with pytest.raises(Refused, match=r"Its checkpoint of step 3 is not to be found as runs/.*/checkpoint.pt"):
        services.resume(run.owner, run)
    Run.objects.filter(pk=run.pk).update(checkpoint_step=None)
    with pytest.raises(Refused, match="wrote no checkpoint"):
        services.resume(run.owner, again(run))


def test_no_backup_is_made_and_nothing_imported_where_the_runs_are_not_seen(
    here: Path, settings: LazySettings, tmp_path: Path, queue_run: QueueRun
) -> None:
    run = begun(queue_run)
    source = folder(run).path
    elsewhere(settings, tmp_path)
    for command in (["backup", str(tmp_path / "b.tar")], ["import_run", str(source)]):
        with pytest.raises(CommandError, match="is not the folder that this site keeps its runs in"):
            call_command(*command)
    assert not (tmp_path / "b.tar").exists()
    call_command("backup", str(tmp_path / "b.tar"), no_runs=True)
