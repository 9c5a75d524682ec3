"""Whatever is sent, the answer is no 5xx: every parameter, field and address there is, with what nobody expects."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.test import Client
from django.urls import URLPattern
from persons import ROOT, make_run

from ffweb.api.urls import api
from ffweb.pages.urls import urlpatterns
from ffweb.people.models import User
from ffweb.people.services import make_token
from ffweb.runs.models import Run
from ffweb.runs.services import make_share

pytestmark = pytest.mark.django_db
TEXTS = (
    "", "\0", "a\0b", "%00", "nan", "-inf", "1e999", "-1", "0", "1.5", str(2**31), str(2**63), str(-(2**63) - 1),
    str(10**30), "9" * 5000, "true", "null", "[]", "{}", "0000-00-00", "9999-12-31T23:59:59-14:00",
    "0001-01-01T00:00:00+14:00",
    "created>99999999999d", "created<1e9w", "created>0001-01-01T00:00+14:00", "created:nan", "acc>nan", "acc>1e400",
    "id:\ufffd", "'\"`;--", "../../etc/passwd", "\u202e\u200b\U0001f4a9", "*" * 50, "x" * 300, "\r\nSet-Cookie: a=b",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    *TEXTS, None, True, 0, -1, 1.5, 2**31, 2**63, 2**64 - 1, -(2**63), 1e308, -0.0, [], [None], [[]], [2**63], ["\x01"],
    {}, {"": None}, {"\x7f": 2**63}, {"a.b.c": [1e308]},
)  # fmt: skip
DOCUMENT = api.get_openapi_schema(path_prefix="")
CALLS = [(method, path) for path, methods in DOCUMENT["paths"].items() for method in methods]


@pytest.fixture
def run(alice: User) -> Run:
    return make_run(alice)


@pytest.fixture
def browser(alice: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(alice)
    return client


@pytest.fixture(autouse=True)
def many_guesses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ffweb.people.guesses.MOST", 10**9)


def fine(answer: Any, *what: object) -> None:
    assert answer.status_code < 500, (*what, answer.status_code, answer.content[:300])


def known(run: Run, user: User) -> dict[str, str]:
    """Values that lead somewhere, so that the one that does not is tried alone."""
    share, token = make_share(user, run)
    return {
        "run_id": run.pk,
        "token": token,
        "group": "g",
        "name": "confusion",
        "share_id": str(share.pk),
        "token_id": "1",
    }


def parameters(method: str, path: str, where: str) -> list[str]:
    call = DOCUMENT["paths"][path][method]
    return [parameter["name"] for parameter in call.get("parameters", ()) if parameter["in"] == where]


def quoted(text: str) -> str:
    return "".join(f"%{byte:02x}" for byte in text.encode())


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_no_parameter_of_the_api_breaks_it(browser: Client, alice: User, run: Run, method: str, path: str) -> None:
    values = known(run, alice)
    for name in parameters(method, path, "path"):
        for text in TEXTS:
            filled = path.format(**(values | {name: quoted(text)}))
            fine(browser.generic(method.upper(), ROOT + filled, b"{}", "application/json"), name, text)
    for name in parameters(method, path, "query"):
        for text in TEXTS:
            filled = f"{path.format(**values)}?{name}={quoted(text)}"
            fine(browser.generic(method.upper(), ROOT + filled, b"{}", "application/json"), name, text)


def fields(method: str, path: str) -> list[str]:
    body = DOCUMENT["paths"][path][method].get("requestBody")
    if not body:
        return []
    schema = body["content"]["application/json"]["schema"]
    names = re.findall(r"#/components/schemas/(\w+)", str(schema))
    return sorted({field for name in names for field in DOCUMENT["components"]["schemas"][name]["properties"]})


WITH_BODY = [(method, path) for method, path in CALLS if fields(method, path)]


@pytest.mark.parametrize(("method", "path"), WITH_BODY)
def test_no_body_of_the_api_breaks_it(browser: Client, alice: User, run: Run, method: str, path: str) -> None:
    address = ROOT + path.format(**known(run, alice))
    for field in fields(method, path):
        for value in VALUES:
            body = orjson.dumps({field: value})
            fine(browser.generic(method.upper(), address, body, "application/json"), field, value)
    for kind in (
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded",
        "text/plain; charset=utf-16",
        "",
    ):
        for body in (b"\xff\xfe", b"", b"a=%00", b'{"name": "\\ud800"}', b'{"\\u0000": 1}', b"[" * 100_000, b"1e400"):
            fine(browser.generic(method.upper(), address, body, kind), kind, body[:20])


@pytest.mark.parametrize("value", VALUES, ids=str)
def test_no_value_in_a_config_breaks_it(browser: Client, value: Any) -> None:
    for path in (
        "seed",
        "schedule.epochs",
        "data.train_size",
        "objective.theta",
        "architecture.hidden",
        "name",
        "device",
    ):
        body = orjson.dumps({"set": {path: value}})
        fine(browser.post(f"{ROOT}/validate", body, "application/json"), path, value)
        fine(browser.post(f"{ROOT}/runs", body, "application/json"), path, value)


# ── pages ─────────────────────────────────────────────────────────────────────────────────────────────────────────
TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
FIELDS = sorted(
    {name for page in TEMPLATES.rglob("*.html") for name in re.findall(r'name="([\w.]+)"', page.read_text())}
)
QUERY = ("q", "view", "sort", "page", "data", "preset", "from", "set", "next", "action", "run", "after")
PATTERN = re.compile(r"<(?:(\w+):)?(\w+)>")


def addresses(pattern: URLPattern, values: dict[str, str]) -> list[str]:
    """The address with what leads somewhere, and with each of its parts replaced by each nasty text."""
    route = str(pattern.pattern)
    names = [name for _, name in PATTERN.findall(route)]

    def filled(given: dict[str, str]) -> str:
        return "/" + PATTERN.sub(lambda found: given.get(found[2], "1"), route)

    return [filled(values), *(filled(values | {name: quoted(text)}) for name in names for text in TEXTS if text)]


@pytest.mark.parametrize("pattern", urlpatterns, ids=lambda pattern: str(pattern.name))
def test_no_address_of_a_page_breaks_it(browser: Client, alice: User, run: Run, pattern: URLPattern) -> None:
    first, *others = addresses(pattern, known(run, alice) | {"action": "visibility"})
    for address in others:
        fine(browser.get(address), address)
        fine(browser.post(address), address)
    if pattern.name in ("sign-out", "methods"):  # without fields, and slow to draw
        return
    for text in TEXTS:
        fine(browser.get(first + "?" + "&".join(f"{name}={quoted(text)}" for name in QUERY)), "query", text)
        fine(browser.post(first, dict.fromkeys(FIELDS, text)), "form", text)


@pytest.mark.parametrize("name", ["sessionid", "csrftoken", "messages", "theme", "device"])
def test_no_cookie_breaks_a_page(name: str) -> None:
    for value in ('"\\000aaaaaaaaaaaa"', '"\\377\\376aaaaaaaaaaaaaaaa"', "a" * 5000, "a" * 41, "%00" * 5, "é" * 20, ""):
        client = Client(raise_request_exception=False)
        for path in ("/", "/sign-in", "/api/v1/me"):
            fine(client.get(path, headers={"Cookie": f"{name}={value}"}), name, value)
        fine(client.post("/sign-in", {"username": "a", "password": "b"}, headers={"Cookie": f"{name}={value}"}), value)


def test_no_header_breaks_a_call(alice: User) -> None:
    _, secret = make_token(alice)
    for value in ("Bearer \0", "Bearer " + "x" * 8000, "Bearer \xff", f"Bearer {secret}\0", "Basic \0", "\0"):
        fine(Client(raise_request_exception=False).get("/api/v1/me", headers={"Authorization": value}), value)
