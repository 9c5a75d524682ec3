"""A reverse proxy that serves a site under a path, and keeps or strips it, as nginx would."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress


class Proxy:
    """`http://127.0.0.1:<port>`; whatever is asked for beyond `path` is answered 404 and kept in `strays`."""

    def __init__(self, target: tuple[str, int], path: str, *, strips: bool) -> None:
        self._target, self._path, self._strips = target, path, strips
        self.strays: list[str] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        listening = asyncio.start_server(self._serve, "127.0.0.1", 0)
        self._server = asyncio.run_coroutine_threadsafe(listening, self._loop).result(60)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request a connection: a browser opens as many as it needs."""
        with suppress(OSError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            request, *headers = head.rstrip().split("\r\n")
            method, asked, version = request.split(" ")
            if asked != self._path and not asked.startswith(f"{self._path}/"):
                self.strays.append(asked)
                writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                writer.close()
                return
            if self._strips:
                asked = asked.removeprefix(self._path) or "/"
            if not any(line.lower().startswith("upgrade:") for line in headers):
                headers = [line for line in headers if not line.lower().startswith("connection:")]
                headers.append("Connection: close")
            onward = await asyncio.open_connection(*self._target)
            onward[1].write("\r\n".join([f"{method} {asked} {version}", *headers, "", ""]).encode("latin-1"))
            await asyncio.gather(_pipe(reader, onward[1]), _pipe(onward[0], writer))

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._server.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(60)


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while piece := await reader.read(1 << 16):
            writer.write(piece)
            await writer.drain()
    writer.close()
