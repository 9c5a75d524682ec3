"""`manage.py serve` as a user meets it: ready, crashes, a second start, the end of it."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
from collections.abc import Callable

import pytest

from ffweb.private import open_to_others
from tests.serve.sites import Site, running
from tests.waiting import PATIENCE, wait_until

pytestmark = pytest.mark.services
StartSite = Callable[..., Site]


def test_a_site_from_its_first_start_to_its_last_process(start_site: StartSite) -> None:
    site = start_site()
    ready = site.wait_ready()
    assert site.answers()
    assert f"FFWeb is ready: {ready['url']}" in site.said
    assert ready["sign_in_url"] in site.said
    assert ready["sign_in_url"].startswith(ready["url"] + "sign-in/")
    assert ready["pid"] == site.process.pid
    assert set(site.pids()) == {"supervisor", "guard", "redis", "web", "cpu"}
    assert all(running(pid) for pid in site.pids().values())
    for private in ("ready.json", "redis/redis.conf", "secret_key", "supervisor.lock"):
        assert stat.S_IMODE((site.home / private).stat().st_mode) == 0o600, private

    assert list(open_to_others(site.home)) == []

    second = site.second()
    assert second.returncode != 0
    assert f"already runs in {site.home} at {ready['url']}" in second.stderr
    assert running(site.process.pid)

    before = site.pids()

    def began_anew(name: str) -> bool:
        """Between its death and its next start a process is in no list."""
        return site.pids().get(name, before[name]) != before[name]

    for name in ("web", "redis"):
        os.kill(before[name], signal.SIGKILL)
    wait_until(lambda: began_anew("web") and site.answers(), "the web is there again")
    wait_until(lambda: began_anew("redis"), "Redis is there again")
    assert "web was killed by SIGKILL; starting it again in 1 s" in site.said

    os.kill(before["guard"], signal.SIGKILL)
    wait_until(lambda: not running(before["guard"]), "the guard is gone")

    pids = site.pids()
    site.process.send_signal(signal.SIGTERM)
    wait_until(lambda: site.process.poll() is not None, "all stopped")
    assert site.process.returncode == 0
    assert not [name for name, pid in pids.items() if running(pid)]
    assert not site.ready


def test_kill_9_of_the_supervisor_leaves_nothing_and_the_next_start_works(start_site: StartSite) -> None:
    site = start_site()
    site.wait_ready()
    pids, started = site.pids(), json.dumps(site.ready)
    site.process.kill()
    site.process.wait(timeout=PATIENCE)
    wait_until(lambda: not [pid for pid in pids.values() if running(pid)], "nothing is left")
    site.process = site.start()
    wait_until(lambda: site.ready and json.dumps(site.ready) != started, "ready again")
    site.process.send_signal(signal.SIGINT)  # what Ctrl-C sends
    wait_until(lambda: site.process.poll() is not None, "all stopped")


def test_workers_of_another_machine(start_site: StartSite) -> None:
    site = start_site(FFWEB_CPU_SLOTS="0")
    site.wait_ready()
    assert set(site.pids()) == {"supervisor", "guard", "redis", "web"}
    config = dict(line.split(" ", 1) for line in (site.home / "redis" / "redis.conf").read_text().splitlines())
    redis_url = f"redis://:{config['requirepass']}@127.0.0.1:{config['port']}/0"
    workers = site.start("work", REDIS_URL=redis_url, FFWEB_GPUS="cpu:2")
    try:
        said = site.home / "work.log"
        wait_until(lambda: "Working:" in said.read_text(), "they work")
        assert "gpu0@" in said.read_text()
        assert "gpu1@" in said.read_text()
    finally:
        workers.send_signal(signal.SIGTERM)
        assert workers.wait(timeout=PATIENCE) == 0
    assert site.answers()


def test_a_port_that_is_taken_is_one_sentence(start_site: StartSite) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        site = start_site(FFWEB_PORT=str(port))
        site.process.wait(timeout=PATIENCE)
    assert site.process.returncode == 1
    assert site.said == f"FFWeb cannot start: Port {port} is taken by another program: " + (
        "set FFWEB_PORT to a free one, or to 0 for any free one.\n"
    )


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("FFWEB_PORT", "eighty", "no whole number"),
        ("REDIS_URL", "redis://127.0.0.1:9/0", "does not answer"),
    ],
)
def test_a_wrong_setting_stops_the_start_with_a_sentence(
    start_site: StartSite, variable: str, value: str, words: str
) -> None:
    site = start_site(**{variable: value})
    site.process.wait(timeout=PATIENCE)
    assert site.process.returncode == 1
    assert words in site.said
    assert "Traceback" not in site.said
