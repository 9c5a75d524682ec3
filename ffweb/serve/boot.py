"""What has to be true before the services start: tables, static files, an address, a first account."""

from __future__ import annotations

import errno
import hashlib
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urljoin

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import OperationalError

from ffweb import __version__
from ffweb.people.services import first_sign_in_link

BACKLOG = 512


def migrate() -> bool:
    """Bring the tables up to date; True when there was something to do."""
    try:
        executor = MigrationExecutor(connection)
        if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return False
    except OperationalError as error:
        raise ImproperlyConfigured(f"The database does not answer ({str(error).strip()}): see DATABASE_URL.") from error
    manage("migrate", "--no-input")
    return True


def collect_static() -> bool:
    """Collect, hash and compress the static files if any of them changed; True when that was done."""
    stamp = Path(settings.STATIC_ROOT) / ".fingerprint"
    fingerprint = static_fingerprint()
    if stamp.exists() and stamp.read_text() == fingerprint:
        return False
    manage("collectstatic", "--no-input", "--clear")
    stamp.write_text(fingerprint)
    return True


def manage(*words: str) -> None:
    """Run a management command in a process of its own, so that its memory does not stay with the supervisor."""
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), *words, "--verbosity", "0"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, start_new_session=True)
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise ImproperlyConfigured(f"`manage.py {words[0]}` failed: {last}")


def static_fingerprint() -> str:
    """Changes when a static file is added, removed or touched, or when they would be stored in another way."""
    digest = hashlib.sha256(f"{__version__} {settings.STORAGES['staticfiles']}".encode())
    for finder in get_finders():
        for name, storage in finder.list([]):
            stat = Path(storage.path(name)).stat()
            digest.update(f"{name} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def listen(host: str, port: int) -> socket.socket:
    """The listening socket of the site; port 0 takes any free one. Raises ImproperlyConfigured with what would work."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        return socket.create_server(address[:2], family=family, backlog=BACKLOG)
    except socket.gaierror as error:
        raise ImproperlyConfigured(f"FFWEB_HOST={host} is no address of this machine.") from error
    except OSError as error:
        raise ImproperlyConfigured(_why_not(host, port, error)) from error


def _why_not(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is taken by another program: set FFWEB_PORT to a free one, or to 0 for any free one."
    if error.errno == errno.EACCES:
        return f"Port {port} may not be opened by this user: set FFWEB_PORT to one above 1023."
    return f"Cannot listen on FFWEB_HOST={host}, FFWEB_PORT={port}: {error.strerror}."


def site_url(listener: socket.socket) -> str:
    """The address to open in a browser on this machine."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{port}{settings.PATH}/"


def sign_in_url(url: str) -> str:
    """A link that signs the first account, `admin`, in once."""
    return urljoin(url, first_sign_in_link())
