"""The form for a new run as a browser without scripts reads and sends it."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser
from typing import Any

from django.test import Client

from trainer import config as trainer_config

NEW = "/runs/new"


class Fields(HTMLParser):
    """What a browser would send of a page's form: {name: text}, templates left out as browsers do."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self.disabled: set[tuple[str, str]] = set()
        self._inert = 0
        self._select = ""
        self._area = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        a = dict(attrs)
        self._inert += tag == "template"
        if self._inert:
            return
        name, value = a.get("name") or "", a.get("value") or ""
        if tag in ("input", "option") and "disabled" in a:
            self.disabled.add((name or self._select, value))
        if tag == "input" and name and (a.get("type") not in ("radio", "checkbox") or "checked" in a):
            self.values[name] = value
        elif tag == "select":
            self._select = name
        elif tag == "option" and "selected" in a:
            self.values[self._select] = value
        elif tag == "textarea":
            self._area = name
            self.values[name] = ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self.values[self._area] += data

    def handle_endtag(self, tag: str) -> None:
        self._inert -= tag == "template"
        if tag == "textarea":
            self._area = ""


def shown(response: Any) -> dict[str, str]:
    """The fields of a page, without what is not part of the config."""
    fields = Fields(response.content.decode()).values
    return {name: text for name, text in fields.items() if name not in ("csrfmiddlewaretoken", "theme", "next")}


def error_at(response: Any, path: str) -> str:
    """The words of the error under a field."""
    found = re.search(rf'id="e-{re.escape(path)}">(.*?)</div>', response.content.decode(), re.DOTALL)
    assert found, f"no place for errors of {path}"
    return " ".join(re.sub("<[^>]+>", " ", unescape(found[1])).split())


def preset_config(name: str) -> dict[str, Any]:
    return trainer_config.parse(trainer_config.compose(name)).model_dump(mode="json")


def start(client: Client, fields: dict[str, str], query: str = "", do: str = "start") -> Any:
    return client.post(NEW + query, {**fields, "do": do})
