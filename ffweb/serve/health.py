"""`python -m ffweb.serve.health web|worker`: exit status 0 if this container's part of the site works."""

from __future__ import annotations

import http.client
import os
import socket
import sys

TIMEOUT = 4.0


def web_works(port: int, allowed_hosts: str) -> bool:
    """Whether /readyz says 200; asked by a name that the site answers to."""
    name = allowed_hosts.split(",", maxsplit=1)[0].strip().lstrip(".")
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    try:
        connection.request("GET", "/readyz", headers={"Host": name if name not in ("", "*") else "127.0.0.1"})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def worker_works() -> bool:
    """Whether a worker of this machine reported itself within the last minute."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ffweb.settings")
    django.setup()
    from ffweb.work.presence import workers

    return any(worker.host == socket.gethostname() for worker in workers())


def main() -> None:
    if sys.argv[1:] == ["web"]:
        works = web_works(int(os.environ.get("FFWEB_PORT", "8000")), os.environ.get("FFWEB_ALLOWED_HOSTS", ""))
    else:
        works = worker_works()
    sys.exit(0 if works else 1)


if __name__ == "__main__":
    main()
