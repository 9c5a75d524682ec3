"""A backup holds everything, and comes back whole or not at all."""

from __future__ import annotations

import stat
import tarfile
from pathlib import Path

import numpy as np
import pytest
from django.core import serializers
from django.core.management import CommandError, call_command
from persons import make_run

from ffweb import backup
from ffweb.backup import BackupError
from ffweb.metrics import store
from ffweb.metrics.models import Block
from ffweb.people.models import Attempt, User
from ffweb.people.services import make_invite, make_token, user_of_token
from ffweb.runs import launch, services
from ffweb.runs.models import Figure, LogLine, Run


@pytest.fixture
def site(alice: User, bob: User, dora: User) -> Run:
    """A run with something in every table and in its folder."""
    run = make_run(alice, "θ ≥ 1", tags=["a"], result={"metrics": {"test/accuracy": {"last": 0.5}}})
    make_run(bob, "child", parent=run)
    store.append(run.pk, {"test/accuracy": (list(range(5000)), np.linspace(0, 1, 5000).tolist())})
    Figure.objects.create(run=run, name="confusion", step=1, body={"matrix": [[1]]})
    Block.objects.create(run=run, seq0=1, n=1, body=b'{"seq":1}\n')
    LogLine.objects.create(run=run, seq=1, t=1.5, level="info", text="a\nb")
    services.make_share(alice, run)
    make_invite(dora)
    Attempt.objects.create(key="k")
    folder = launch.folder(run.pk)
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    (folder / "checkpoint.pt").write_bytes(b"weights")
    (folder / "checkpoint.pt.part").write_bytes(b"half")
    (folder / "figures" / "confusion.json").write_text("{}")
    (folder / "out").symlink_to("/etc/hostname")
    return run


def everything() -> dict[str, str]:
    return {m._meta.label: serializers.serialize("json", m._default_manager.order_by("pk")) for m in backup.models()}


def clear() -> None:
    for model in reversed(backup.models()):
        model._default_manager.all().delete()


@pytest.mark.parametrize("name", ["all.tar", "all.tar.gz"])
def test_everything_comes_back(site: Run, alice: User, tmp_path: Path, name: str) -> None:
    _, secret = make_token(alice)
    before = everything()
    assert [label for label, rows in before.items() if rows == "[]"] == [], "every table has a row"
    file = tmp_path / name
    counts = backup.write(file)
    assert (counts["runs.run"], counts["people.user"]) == (2, 3)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    clear()
    checkpoint = launch.folder(site.pk) / "checkpoint.pt"
    checkpoint.unlink()
    assert backup.restore(file) == counts
    assert everything() == before
    assert checkpoint.read_bytes() == b"weights"
    assert user_of_token(secret) == alice
    assert len(store.window(site.pk, ["*"])["test/accuracy"].y) > 1000
    assert make_run(alice).facts.count() > 0, "new rows get new numbers"


def test_the_archive_holds_no_links_no_half_files_and_no_attempts(site: Run, tmp_path: Path) -> None:
    backup.write(tmp_path / "b.tar")
    with tarfile.open(tmp_path / "b.tar") as tar:
        names = tar.getnames()
    assert f"runs/{site.pk}/figures/confusion.json" in names
    assert not [name for name in names if name.endswith((".part", "/out", "attempt.jsonl"))]
    backup.write(tmp_path / "c.tar", with_runs=False)
    with tarfile.open(tmp_path / "c.tar") as tar:
        assert not [name for name in tar.getnames() if name.startswith("runs/")]


def test_a_site_that_is_not_empty_is_kept_unless_forced(site: Run, alice: User, tmp_path: Path) -> None:
    backup.write(tmp_path / "b.tar")
    later = make_run(alice, "later")
    with pytest.raises(BackupError, match="--force"):
        backup.restore(tmp_path / "b.tar")
    assert Run.objects.filter(pk=later.pk).exists()
    backup.restore(tmp_path / "b.tar", force=True)
    assert not Run.objects.filter(pk=later.pk).exists()


def test_what_is_no_backup_changes_nothing(site: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = everything()
    file = tmp_path / "b.tar"
    file.write_bytes(b"no tar")
    with pytest.raises(BackupError, match="no whole backup"):
        backup.restore(file, force=True)
    backup.write(file)
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BackupError, match="no whole backup"):
        backup.restore(file, force=True)
    file.write_bytes(whole)
    monkeypatch.setattr(backup, "migrations", list)
    with pytest.raises(BackupError, match="newer than this one"):
        backup.restore(file, force=True)
    assert everything() == before


def test_the_commands(site: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "b.tar"
    call_command("backup", str(file))
    assert f"{file}: 3 members, 2 runs" in capsys.readouterr().out
    with pytest.raises(CommandError, match="--force"):
        call_command("restore", str(file))
    call_command("restore", str(file), "--force")
    assert capsys.readouterr().out == "Restored 3 members and 2 runs.\n"
    with pytest.raises(CommandError, match="could not be read"):
        call_command("restore", str(tmp_path / "absent"), "--force")
    with pytest.raises(CommandError, match="could not be written"):
        call_command("backup", str(tmp_path / "absent" / "b.tar"))
