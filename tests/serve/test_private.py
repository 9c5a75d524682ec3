"""The home folder is its owner's alone, whoever starts what."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.exceptions import ImproperlyConfigured

from ffweb import checks, private
from ffweb.serve import home as homes
from tests.serve.sites import ROOT

MAKES = "import os, pathlib; pathlib.Path(os.environ['FFWEB_HOME'], 'made').write_text(''); "
DJANGO = "import os; os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'ffweb.settings'); "


def run(home: Path, *command: str, **env: str) -> subprocess.CompletedProcess[str]:
    """With the umask of most systems."""
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "REDIS_URL")}
        | {"FFWEB_HOME": str(home), **env},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        umask=0o022,
    )


@pytest.mark.parametrize(
    "command",
    [
        ("manage.py", "migrate", "--verbosity", "0"),
        ("-c", DJANGO + "import ffweb.asgi; " + MAKES),
        ("-c", "import ffweb.celery; ffweb.celery.app.loader.init_worker(); " + MAKES),
        ("-c", "import ffweb.celery, ffweb.work.worker; ffweb.celery.app.loader.init_worker(); " + MAKES),
        ("-c", DJANGO + "from django.conf import settings; settings.HOME; import subprocess, sys; "
         "subprocess.run([sys.executable, '-c', '''" + MAKES + "'''], check=True)"),
    ],
    ids=["command", "web", "celery", "worker", "child"],
)  # fmt: skip
def test_every_process_makes_private_files(tmp_path: Path, command: tuple[str, ...]) -> None:
    home = tmp_path / "a" / "home"
    done = run(home, *command)
    assert done.returncode == 0, done.stderr
    assert len(list(home.iterdir())) > 1
    assert list(private.open_to_others(home)) == []
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


def test_collected_files_and_copies_are_private_too(tmp_path: Path) -> None:
    home = tmp_path / "home"
    done = run(home, "manage.py", "collectstatic", "--no-input", "--verbosity", "0")
    assert done.returncode == 0, done.stderr
    assert list(private.open_to_others(home)) == []


def opened(home: Path) -> Path:
    """A home as an earlier version made it."""
    (home / "runs" / "a").mkdir(parents=True)
    for name in ("ffweb.sqlite3", "ffweb.sqlite3-wal", "secret_key", "runs/a/config.json"):
        (home / name).write_text("{}")
        (home / name).chmod(0o644)
    for folder in (home, home / "runs", home / "runs" / "a"):
        folder.chmod(0o755)
    return home


def test_what_was_open_is_closed_and_said_once(tmp_path: Path) -> None:
    home, outside = opened(tmp_path / "home"), tmp_path / "outside"
    outside.write_text("")
    outside.chmod(0o644)
    (home / "link").symlink_to(outside)
    (line,) = private.close(home).said(home)
    assert line.startswith("Others on this machine could open the folder itself, ")
    assert "and 4 more" in line
    assert list(private.open_to_others(home)) == []
    assert stat.S_IMODE(outside.stat().st_mode) == 0o644, "links lead to what is not ours to change"
    assert private.close(home).said(home) == []


def test_what_cannot_be_closed_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = opened(tmp_path / "home")

    def refused(path: Path, mode: int) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "chmod", refused)
    (line,) = private.close(home).said(home)
    assert "could not be changed" in line


def test_anothers_home_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
    with pytest.raises(ImproperlyConfigured, match="belongs to another user"):
        private.claim(tmp_path)


@pytest.mark.parametrize("command", [("manage.py", "serve"), ("manage.py", "check"), ("manage.py", "backup", "x.tar")])
def test_a_home_that_cannot_be_made_is_one_sentence(tmp_path: Path, command: tuple[str, ...]) -> None:
    (tmp_path / "file").write_text("")
    for home, why in ((tmp_path / "file" / "home", "Not a directory"), (tmp_path / "file", "File exists")):
        done = run(home, *command)
        assert done.returncode == 1
        assert done.stderr.startswith(f"FFWeb cannot start: FFWEB_HOME={home} cannot be made: {why}.")
        assert "Traceback" not in done.stderr


def test_a_home_that_can_only_be_read_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: not mode & os.W_OK)
    with pytest.raises(ImproperlyConfigured, match="cannot be written: mount it for writing"):
        homes.writable(tmp_path)


def test_a_key_is_made_once_and_an_empty_one_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "secret_key"
    key = private.secret(path)
    assert len(key) >= 50
    assert private.secret(path) == key
    private._make(path)
    assert private.secret(path) == key, "of two that make it at once the first wins"
    assert [found.name for found in tmp_path.iterdir()] == ["secret_key"]
    path.write_text("")
    with pytest.raises(ImproperlyConfigured, match="is empty: remove it"):
        private.secret(path)


def test_the_check_of_a_server_tells_open_files(tmp_path: Path, settings: LazySettings) -> None:
    settings.HOME = opened(tmp_path / "home")
    assert "ffweb.W006" in [message.id for message in checks.deployment()]
    private.close(settings.HOME)
    assert "ffweb.W006" not in [message.id for message in checks.deployment()]


def test_a_server_that_is_set_up_passes_djangos_check_too(tmp_path: Path) -> None:
    right = {
        "FFWEB_HTTPS": "1",
        "FFWEB_PROXY": "127.0.0.1",
        "FFWEB_ALLOWED_HOSTS": "ff.example.org",
        "REDIS_URL": "redis://r:1/0",
    }
    done = run(tmp_path / "home", "manage.py", "check", "--deploy", "--fail-level", "WARNING", **right)
    assert done.returncode == 0, done.stderr
    without = {name: value for name, value in right.items() if name != "FFWEB_PROXY"}
    done = run(tmp_path / "home", "manage.py", "check", "--deploy", "--fail-level", "WARNING", **without)
    assert done.returncode == 1
    assert "FFWEB_PROXY" in done.stderr
