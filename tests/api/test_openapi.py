"""The OpenAPI document: valid 3.1, complete, and shown by a page of our own."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from jsonschema import Draft202012Validator

# The OpenAPI Initiative's schema of 3.1 documents, of 2022-10-07 (Apache 2.0).
OAS = json.loads((Path(__file__).parent / "openapi-3.1.json").read_text())


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return dict(Client().get("/api/v1/openapi.json").json())


def nodes(node: Any) -> Any:
    yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from nodes(child)


def test_it_is_valid(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    Draft202012Validator(OAS).validate(document)
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_its_references_lead_somewhere(document: dict[str, Any]) -> None:
    for node in nodes(document):
        if isinstance(node, dict) and isinstance(node.get("$ref"), str):
            target: Any = document
            for key in node["$ref"].removeprefix("#/").split("/"):
                target = target[key]


def test_every_call_has_a_name_a_sentence_and_problems(document: dict[str, Any]) -> None:
    calls = [call for methods in document["paths"].values() for call in methods.values()]
    names = [call["operationId"] for call in calls]
    assert len(names) == len(set(names))
    for call in calls:
        assert call["description"]
        assert list(call["responses"]["default"]["content"]) == ["application/problem+json"]
        assert call.get("security") or call["operationId"].startswith("shared_")


def test_every_parameter_of_a_path_is_declared(document: dict[str, Any]) -> None:
    for path, methods in document["paths"].items():
        for call in methods.values():
            declared = {parameter["name"] for parameter in call["parameters"] if parameter["in"] == "path"}
            assert declared == set(re.findall(r"{(\w+)}", path))


def test_the_page_takes_everything_from_our_own_host() -> None:
    page = Client().get("/api/docs").content.decode()
    links = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert [link for link in links if not link.startswith(("/static/", "data:"))] == []
    assert all(finders.find(link.removeprefix("/static/")) for link in links if link.startswith("/static/"))
    assert "<script>" not in page
