"""The site under a path of its host, as `https://lab.example/ffweb/`, whether the proxy in front keeps or strips it."""

from __future__ import annotations

from typing import Any

from ffweb.bounds import App, Receive, Send


class Under:
    """An ASGI application whose addresses all begin with `path`.

    Without it they are understood too: that is what a proxy that strips it sends, and what this machine asks itself.
    """

    def __init__(self, app: App, path: str) -> None:
        self._app = app
        self._path = path

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        asked: str = scope["path"]
        if asked == self._path and scope["type"] == "http":
            await self._onward(scope, send)
            return
        whole = asked if asked.startswith(f"{self._path}/") else f"{self._path}{asked}"
        await self._app({**scope, "path": whole, "root_path": self._path}, receive, send)

    async def _onward(self, scope: dict[str, Any], send: Send) -> None:
        query = scope.get("query_string", b"")
        place = f"{self._path}/".encode() + (b"?" + query if query else b"")
        await send({"type": "http.response.start", "status": 308, "headers": [(b"location", place)]})
        await send({"type": "http.response.body", "body": b""})


def under(app: Any, path: str) -> Any:
    """`app` under `path`; as it is where that is empty."""
    return Under(app, path) if path else app
