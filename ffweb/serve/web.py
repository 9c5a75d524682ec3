"""The web process: uvicorn on the socket that the supervisor opened, so that a restart loses no address."""

from __future__ import annotations

import faulthandler
import signal
import socket
import sys

import uvicorn

from ffweb.settings import PROXIES


def main() -> None:
    """`python -m ffweb.serve.web FD`: serve HTTP and websockets on the inherited listening socket FD."""
    faulthandler.register(signal.SIGUSR1)  # where it hangs, for the supervisor that is about to end it
    listener = socket.socket(fileno=int(sys.argv[1]))
    config = uvicorn.Config(
        "ffweb.asgi:application",
        lifespan="off",  # Channels answers only http and websocket
        log_level="warning",
        log_config=None,  # as the site logs, without secrets (ffweb/logs.py)
        access_log=False,
        proxy_headers=bool(PROXIES),  # uvicorn's own default believes whoever comes from the loopback
        forwarded_allow_ips=PROXIES,
        server_header=False,
        timeout_graceful_shutdown=3,  # sockets are closed with 1012: the browser reconnects knowingly
    )
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
