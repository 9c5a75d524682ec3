"""The web process: uvicorn on the socket that the supervisor opened, so that a restart loses no address."""

from __future__ import annotations

import faulthandler
import signal
import socket
import sys
from collections.abc import Sequence
from typing import Any

import uvicorn

from ffweb.settings import PROXIES


def configuration(app: Any, proxies: Sequence[str]) -> uvicorn.Config:
    """How the site is served. What `proxies` say of who asks is believed, and what anybody else says is not."""
    return uvicorn.Config(
        app,
        lifespan="off",  # Channels answers only http and websocket
        log_config=None,  # as the site logs, without secrets (ffweb/logs.py)
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=bool(proxies),  # uvicorn's own default believes whoever comes from the loopback
        forwarded_allow_ips=list(proxies),
        timeout_graceful_shutdown=3,  # sockets are closed with 1012: the browser reconnects knowingly
    )


def main() -> None:
    """`python -m ffweb.serve.web FD`: serve HTTP and websockets on the inherited listening socket FD."""
    faulthandler.register(signal.SIGUSR1)  # where it hangs, for the supervisor that is about to end it
    listener = socket.socket(fileno=int(sys.argv[1]))
    uvicorn.Server(configuration("ffweb.asgi:application", PROXIES)).run(sockets=[listener])


if __name__ == "__main__":
    main()
