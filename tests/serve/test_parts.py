"""The embedded server, the home's lock, static files and addresses, installing."""

from __future__ import annotations

import fcntl
import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.contrib.staticfiles.finders import get_finder
from django.core.exceptions import ImproperlyConfigured

from ffweb.serve import boot, embedded, home, install
from ffweb.serve.health import web_works
from tests.waiting import PATIENCE, wait_until


@pytest.mark.services
def test_the_embedded_server_is_private(tmp_path: Path) -> None:
    folder = tmp_path / 'a "quoted" folder'
    server = embedded.Embedded.new(folder)
    assert stat.S_IMODE(server.config.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    process = subprocess.Popen(server.command(), stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: embedded.answers(server.url), "it answers")
        assert not embedded.answers(f"redis://127.0.0.1:{server.port}/0")
        assert not embedded.answers(f"redis://:wrong@127.0.0.1:{server.port}/0")
        with socket.socket() as probe:
            assert probe.connect_ex((socket.gethostbyname(socket.gethostname()), server.port)) != 0 or (
                socket.gethostbyname(socket.gethostname()).startswith("127.")
            )
    finally:
        process.terminate()
        assert process.wait(timeout=PATIENCE) == 0


def test_the_server_is_taken_from_where_there_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "valkey-server"
    other.write_text("#!/bin/sh\n")
    other.chmod(0o755)
    assert "valkey" in Path(embedded.binary()).name
    monkeypatch.setattr(embedded, "_bundled", lambda: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert embedded.binary() == str(other)
    other.unlink()
    with pytest.raises(ImproperlyConfigured, match="REDIS_URL"):
        embedded.binary()
    monkeypatch.setenv("REDIS_SERVER", str(other))
    with pytest.raises(ImproperlyConfigured, match="no program that can be run"):
        embedded.binary()


def test_the_lock_is_taken_once_and_names_who_has_it(tmp_path: Path) -> None:
    fd = home.lock(tmp_path, "x.lock")
    home.write_ready(tmp_path, {"url": "http://127.0.0.1:1/"})
    with pytest.raises(home.InUse, match=rf"at http://127.0.0.1:1/ \(process {os.getpid()}\)"):
        home.lock(tmp_path, "x.lock")
    home.ready_file(tmp_path).unlink()
    with pytest.raises(home.InUse, match="still starting"):
        home.lock(tmp_path, "x.lock")
    os.close(fd)
    os.close(home.lock(tmp_path, "x.lock"))


def test_a_dead_supervisors_lock_is_waited_for(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait(timeout=PATIENCE)
    held = os.open(tmp_path / "x.lock", os.O_RDWR | os.O_CREAT)  # as its guard holds it while it clears up
    os.write(held, str(dead.pid).encode())
    fcntl.flock(held, fcntl.LOCK_EX)
    with pytest.raises(home.InUse):
        home.lock(tmp_path, "x.lock", seconds=0.2)
    os.close(held)
    os.close(home.lock(tmp_path, "x.lock", seconds=0.2))


def test_static_files_are_collected_only_when_one_changed(
    tmp_path: Path, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, collected = tmp_path / "source", tmp_path / "collected"
    source.mkdir()
    collected.mkdir()
    (source / "a.css").write_text("a {}")
    settings.STATICFILES_DIRS = [source]
    settings.STATIC_ROOT = collected
    get_finder.cache_clear()
    did: list[tuple[str, ...]] = []
    monkeypatch.setattr(boot, "manage", lambda *words: did.append(words))
    assert boot.collect_static()
    assert not boot.collect_static()
    (source / "b.css").write_text("b {}")
    assert boot.collect_static()
    assert len(did) == 2
    assert did[0][0] == "collectstatic"
    get_finder.cache_clear()


def test_addresses() -> None:
    with boot.listen("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        assert boot.site_url(listener) == f"http://127.0.0.1:{port}/"
        with pytest.raises(ImproperlyConfigured, match=f"Port {port} is taken"):
            boot.listen("127.0.0.1", port)
    with boot.listen("0.0.0.0", 0) as listener:
        assert boot.site_url(listener).startswith("http://127.0.0.1:")
    with pytest.raises(ImproperlyConfigured, match=r"FFWEB_HOST=192\.0\.2\.1"):
        boot.listen("192.0.2.1", 0)
    with pytest.raises(ImproperlyConfigured, match=r"nowhere\.invalid is no address of this machine"):
        boot.listen("nowhere.invalid", 0)


def test_a_management_command_that_fails_is_one_sentence() -> None:
    with pytest.raises(ImproperlyConfigured, match=r"`manage.py nonsense` failed: \w+"):
        boot.manage("nonsense")


def test_health_of_a_web_that_is_not_there() -> None:
    assert not web_works(embedded.free_port(), "ff.example.org,*")


# ── where PyTorch comes from ──────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("wish", "system", "has_gpu", "satisfied", "index"),
    [
        ("auto", "Linux", False, False, install.CPU_INDEX),
        ("auto", "Linux", False, True, None),  # a local build is there
        ("auto", "Linux", True, False, None),  # CUDA is wanted
        ("auto", "Darwin", False, False, None),  # the registry's build is small
        ("none", "Linux", False, False, None),
        ("https://mirror/cu130", "Linux", True, True, "https://mirror/cu130"),
    ],
)
def test_no_cuda_on_a_machine_without_a_gpu(
    wish: str, system: str, has_gpu: bool, satisfied: bool, index: str | None
) -> None:
    assert install.choose_index(wish, system=system, has_gpu=has_gpu, satisfied=satisfied) == index


def test_pytorch_comes_alone_and_from_nowhere_else() -> None:
    torch = install.torch_requirements(install.ROOT / "pyproject.toml")
    assert [line.split(">")[0] for line in torch] == ["torch", "torchvision"]
    first, second = install.plan("train", torch, "https://index/cpu")
    assert first[-5:] == ["--no-deps", "--index-url", "https://index/cpu", *torch]
    assert second[-1] == ".[train]"
    assert "--index-url" not in second
    assert "--no-compile" in first
    assert "--no-compile" in second
    assert len(install.plan("train,dev", torch, None)) == 1
