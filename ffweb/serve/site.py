"""`make run` from start to end: lock, embedded server, tables, services, ready.json, watch, stop."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection

from ffweb import private, sqlite
from ffweb.serve import boot, home
from ffweb.serve.embedded import Embedded, answers
from ffweb.serve.pulse import Pulse
from ffweb.serve.services import redis_service, web_service, worker_service
from ffweb.serve.supervisor import Stop, Supervisor
from ffweb.settings import channel_layers
from ffweb.work import home as site_home
from ffweb.work.ending import WorkerEnd
from ffweb.work.machine import WorkerSpec, workers_here

READY_SECONDS = 30.0
REDIS_SECONDS = 10.0
LOGS = settings.HOME / "logs"

Say = Callable[[str], None]


def serve(say: Say, *, stop_with_parent: bool = False) -> None:
    """The whole site on this machine, until a signal. Raises InUse or ImproperlyConfigured where it cannot start."""
    workers = workers_here(settings.CPU_SLOTS, settings.GPUS)
    with (
        supervisor("supervisor.lock", say, stop_with_parent) as keeper,
        home.no_longer_ready(settings.HOME),
        boot.listen(settings.HOST, settings.PORT) as listener,
    ):
        _start_redis(keeper)
        boot.migrate()
        _sees_runs(site_home.mark())
        boot.collect_static()
        url = boot.site_url(listener)
        services = [web_service(listener, url), *(worker_service(spec, LOGS) for spec in workers)]
        keeper.start(services, child_environment())
        with janitor(keeper, workers):
            late = keeper.wait_ready(READY_SECONDS)
            _announce(keeper, url, boot.sign_in_url(url), late, say)
            keeper.watch(lambda: _write_processes(keeper, say))


def work(say: Say, *, stop_with_parent: bool = False) -> None:
    """This machine's workers and a janitor, for a site that runs elsewhere; the same errors as `serve`."""
    if not settings.REDIS_URL:
        raise ImproperlyConfigured("A machine that only works needs the REDIS_URL and DATABASE_URL of its site.")
    workers = workers_here(settings.CPU_SLOTS, settings.GPUS)
    if not workers:
        raise ImproperlyConfigured("There is nothing to work with: FFWEB_CPU_SLOTS is 0 and FFWEB_GPUS leaves no GPU.")
    try:
        _sees_runs(site_home.missing())
    except DatabaseError as error:
        raise ImproperlyConfigured(f"The site's database does not answer as it should: {error}") from error
    with supervisor(f"worker-{socket.gethostname()}.lock", say, stop_with_parent) as keeper:
        keeper.start([worker_service(spec, LOGS) for spec in workers], child_environment())
        with janitor(keeper, workers):
            late = keeper.wait_ready(READY_SECONDS)
            say(f"Working: {', '.join(spec.node for spec in workers if spec.name not in late)}")
            keeper.watch(lambda: None)


def _sees_runs(missing: str | None) -> None:
    """Raises ImproperlyConfigured with what this machine lacks."""
    if missing:
        raise ImproperlyConfigured(missing)


@contextmanager
def supervisor(lock_name: str, say: Say, stop_with_parent: bool) -> Iterator[Supervisor]:
    """A supervisor that holds the home's lock; on leaving, all that it started is stopped."""
    home.writable(settings.HOME)
    lock_fd = home.lock(settings.HOME, lock_name)
    with ExitStack() as stack:
        stack.callback(os.close, lock_fd)
        for line in private.close(settings.HOME).said(settings.HOME):
            say(line)
        keeper = Supervisor(LOGS, lock_fd, say, stop_with_parent=stop_with_parent)
        stack.callback(keeper.stop)
        keeper.take_signals()
        with suppress(Stop):
            yield keeper
        say("Stopping …")


@contextmanager
def janitor(keeper: Supervisor, workers: list[WorkerSpec]) -> Iterator[None]:
    """A janitor and a pulse in threads of this process: they outlive any worker, and cost no process of their own."""
    from ffweb.work.janitor import Janitor  # with Celery: the children start meanwhile

    stop = threading.Event()
    names = {spec.node: spec.name for spec in workers}

    def told(node: str) -> WorkerEnd | None:
        return keeper.last_end(names.get(node, ""))

    thread = threading.Thread(target=Janitor(told).run, args=(stop,), name="janitor", daemon=True)
    thread.start()
    Pulse(keeper.children, stop).start()
    try:
        yield
    finally:
        stop.set()


def child_environment() -> dict[str, str]:
    """What every service is given: the parent's variables, with the home and Redis made definite."""
    fixed = {
        "FFWEB_HOME": str(settings.HOME),
        "DJANGO_SETTINGS_MODULE": "ffweb.settings",
        "PYTHONUNBUFFERED": "1",
        "MALLOC_ARENA_MAX": "2",  # glibc would give each thread an arena: tens of megabytes at rest
    }
    return {**os.environ, **fixed}


def _start_redis(keeper: Supervisor) -> None:
    """Start the embedded server and point this process and its children at it, unless REDIS_URL names another."""
    if settings.REDIS_URL:
        if not answers(settings.REDIS_URL, seconds=5.0):
            raise ImproperlyConfigured("REDIS_URL does not answer. Unset it to use the embedded server.")
        return
    server = Embedded.new(settings.HOME / "redis")
    keeper.start([redis_service(server)], child_environment())
    if keeper.wait_ready(REDIS_SECONDS):
        raise ImproperlyConfigured(f"The embedded Redis server does not answer; its log is {keeper.log('redis')}.")
    # Settings were read before its address was known; nothing has used these two yet.
    settings.REDIS_URL = os.environ["REDIS_URL"] = server.url
    settings.CHANNEL_LAYERS = channel_layers(server.url)


def _announce(keeper: Supervisor, url: str, sign_in_url: str, late: list[str], say: Say) -> None:
    content = {"url": url, "sign_in_url": sign_in_url, "pid": os.getpid(), "processes": _processes(keeper)}
    home.write_ready(settings.HOME, content)
    for name in late:
        say(f"{name} is not ready yet; its log is {keeper.log(name)}.")
    if connection.vendor == "sqlite":
        say(sqlite.told())
    say(f"FFWeb is ready: {url}")
    say(f"Sign in as the first admin, once: {sign_in_url}")
    say("Ctrl-C stops it.")


def _write_processes(keeper: Supervisor, say: Say) -> None:
    try:
        home.write_ready(settings.HOME, home.read_ready(settings.HOME) | {"processes": _processes(keeper)})
    except OSError as error:  # a full disk must not take the site
        say(f"ready.json could not be written ({error.strerror}): it names processes of before.")


def _processes(keeper: Supervisor) -> list[dict[str, object]]:
    """Every process of the site, this one first."""
    children = [{"name": name, "pid": pid} for name, pid in keeper.pids()]
    return [{"name": "supervisor", "pid": os.getpid()}, {"name": "guard", "pid": keeper.guard.pid}, *children]
