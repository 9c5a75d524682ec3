"""No script, style or template knows where the site stands: a proxy may serve it under a path of its host."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client, override_settings
from django.urls import get_script_prefix, set_script_prefix

from ffweb import env
from ffweb.urls import urlpatterns

ROOT = Path(__file__).resolve().parents[2]
FILES = [
    path
    for folder, kinds in (("static/js", "*.js"), ("static/css", "*.css"), ("templates", "*.html"))
    for path in sorted((ROOT / folder).rglob(kinds))
]
COMMENTS = re.compile(r"/\*.*?\*/|(?<![:\"'`])//[^\n]*|\{#.*?#\}", re.DOTALL)
# A slash and a word after a quote, a bracket or an equals sign: where an address begins.
ADDRESS = re.compile(r"""["'`(=]/(?!/)(?:[a-z][\w-]*[/"'`?)$]|["'](?=[\s>]))""")


def first_words() -> set[str]:
    """What the site's own addresses begin with."""
    patterns = [p for entry in urlpatterns for p in getattr(entry, "url_patterns", [entry])]
    return {str(p.pattern).split("/")[0].split("<")[0] for p in patterns} | {"api", "ws", "static", "s"} - {""}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_holds_an_address_of_the_site(path: Path) -> None:
    text = COMMENTS.sub("", path.read_text(encoding="utf-8"))
    words = first_words()
    found = [text[max(0, m.start() - 20) : m.end() + 20] for m in ADDRESS.finditer(text) if _ours(m[0], words)]
    assert found == []


def _ours(address: str, words: set[str]) -> bool:
    word = re.sub(r"\W", "", address.split("/")[1])
    return (word == "" and path_alone(address)) or word in words


def path_alone(address: str) -> bool:
    """`href="/"`: the site's own start, as an attribute."""
    return address.startswith("=")


@pytest.mark.parametrize("text", ['a href="/runs/new"', "fetch(`/api/v1${x}`)", 'path: "/ws/runs",', "url(/static/x)"])
def test_an_address_would_be_found(text: str) -> None:
    found = ADDRESS.search(text)
    assert found
    assert _ours(found[0], first_words())


@pytest.mark.parametrize("value", ["", "/ffweb", "/lab/ffweb", "/a.b/~me/x_y-z"])
def test_a_path_of_a_host(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FFWEB_PATH", value)
    assert env.url_path("FFWEB_PATH") == value


@pytest.mark.parametrize(
    "value", ["/", "ffweb", "/ffweb/", "//ffweb", "/a/../b", "/ff web", "/é", "/a?b", "https://x/y"]
)
def test_no_path_of_a_host(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FFWEB_PATH", value)
    with pytest.raises(ImproperlyConfigured, match="write it as /ffweb"):
        env.url_path("FFWEB_PATH")


@pytest.mark.django_db
@override_settings(PATH="/ffweb", FORCE_SCRIPT_NAME="/ffweb")
def test_pages_errors_and_ways_are_under_the_path() -> None:
    before = get_script_prefix()
    set_script_prefix("/ffweb/")  # a real server sets it from the settings
    try:
        _pages_errors_and_ways(Client())
    finally:
        set_script_prefix(before)


def _pages_errors_and_ways(browser: Client) -> None:
    assert browser.get("/")["Location"] == "/ffweb/sign-in?next=/ffweb/"
    page = browser.get("/sign-in").content.decode()
    assert 'data-root="/ffweb"' in page
    assert re.findall(r'(?:href|src|action)="(/(?!ffweb/|static/)[^"]*)"', page) == []
    nothing = browser.get("/nowhere")
    assert 'href="/ffweb/"' in nothing.content.decode()
    assert browser.get("/api/v1/nowhere")["Content-Type"] == "application/problem+json"
