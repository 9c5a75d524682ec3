"""Nonsense in the fields of a new run is answered with words beside them, whatever it is."""

from __future__ import annotations

import pytest
from django.test import Client
from forms import NEW, error_at, shown

NONSENSE = [
    "[" * 3000, "[" * 3000 + "]" * 3000, '[{"span":' * 500 + "1" + "}]" * 500, "9" * 5000, "1e400", "1e308", "-1",
    "\ud7ff\0", "[[1]]", '[{"span": 5}]', '{"a": 1}', "null", "true", "[1e999]", "x" * 20_000,
]  # fmt: skip


@pytest.mark.parametrize("text", NONSENSE, ids=lambda text: text[:12].replace("\0", "0"))
def test_no_nonsense_in_all_fields_takes_the_page(client: Client, text: str) -> None:
    fields = dict.fromkeys(shown(client.get(NEW)), text)
    assert client.post("/runs/new/check", fields).status_code in (200, 400, 422)


def test_what_is_nested_without_end_is_said_at_its_field(client: Client) -> None:
    fields = shown(client.get(NEW))
    response = client.post(NEW, {**fields, "layers": "[" * 3000 + "]" * 3000, "do": "start"})
    assert "nested too deep" in error_at(response, "layers")
