"""Text leaves compressed and comes out the same; what is packed already is left alone."""

from __future__ import annotations

import gzip
import zlib
from typing import Any

import numpy as np
import pytest
from asgiref.sync import sync_to_async
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import AsyncClient, Client
from persons import make_run

from ffweb.metrics.store import Writer
from ffweb.people.models import User
from ffweb.runs import services, status
from ffweb.runs.models import Run

RNG = np.random.default_rng(1)
GZIP = {"Accept-Encoding": "gzip, deflate, br"}


@pytest.fixture
def run(alice: User) -> Run:
    made = make_run(alice, status=status.FINISHED, result={"metrics": {}, "confusion": [[1] * 10] * 10}, seq=1)
    steps = list(range(200))
    Writer(made.pk).append({"train/loss": (steps, [1.0] * 200), "axis/epoch": (steps, [0.5] * 200)})
    return made


def content(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


@pytest.mark.parametrize(
    "path",
    ["/", "/methods", "/runs/{id}", "/api/v1/runs", "/api/v1/runs/{id}/metrics", "/api/v1/runs/{id}/metrics.csv",
     "/api/v1/runs/{id}/metrics.jsonl", "/api/v1/runs/{id}/result", "/api/v1/openapi.json", "/runs/zzzzzzzz"],
)  # fmt: skip
def test_text_is_compressed_for_those_who_take_it(client: Client, run: Run, path: str) -> None:
    plain, packed = client.get(path.format(id=run.pk)), client.get(path.format(id=run.pk), headers=GZIP)
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert all("Accept-Encoding" in answer.headers["Vary"] for answer in (plain, packed))
    whole, small = content(plain), content(packed)
    assert len(small) < 0.6 * len(whole) + 100  # so much is random
    if b"csrfmiddlewaretoken" not in whole:  # masked anew in every answer
        assert gzip.decompress(small) == whole


def test_a_table_of_fifty_runs_takes_a_tenth(client: Client, alice: User) -> None:
    for number in range(50):
        make_run(alice, f"run {number}", status=status.FINISHED, latest={"test/accuracy": 0.9 + number / 1000})
    plain, packed = content(client.get("/")), content(client.get("/", headers=GZIP))
    assert len(plain) > 50_000
    assert len(packed) < 0.12 * len(plain)


def test_the_length_of_a_page_is_no_measure_of_it(client: Client, run: Run) -> None:
    lengths = {len(content(client.get("/api/v1/openapi.json", headers=GZIP))) for _ in range(12)}
    assert len(lengths) > 1


def test_a_checkpoint_leaves_as_it_is(client: Client, run: Run) -> None:
    body = bytes(4096)
    name = default_storage.save(services.checkpoint_name(run), ContentFile(body))
    answer = client.get(f"/api/v1/runs/{run.pk}/files/checkpoint", headers=GZIP)
    assert "Content-Encoding" not in answer.headers
    assert answer.headers["Content-Length"] == str(len(body))
    assert content(answer) == body
    default_storage.delete(name)


def test_what_is_short_is_not_worth_it(client: Client) -> None:
    assert "Content-Encoding" not in client.get("/healthz", headers=GZIP).headers


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["metrics.csv", "metrics.jsonl"])
async def test_a_long_stream_is_one_stream_as_browsers_read_it(alice: User, name: str) -> None:
    """A browser stops after the first gzip member; gzip.decompress would read on."""
    made = await sync_to_async(make_run)(alice)
    steps = list(range(20_000))
    await sync_to_async(Writer(made.pk).append)({"train/loss": (steps, RNG.normal(size=20_000).tolist())})
    client = AsyncClient()
    await client.aforce_login(alice)
    answer = await client.get(f"/api/v1/runs/{made.pk}/{name}", headers=GZIP)
    packed = b"".join([piece async for piece in answer.streaming_content])
    reader = zlib.decompressobj(wbits=31)
    whole = reader.decompress(packed)
    assert reader.eof
    assert reader.unused_data == b""
    assert whole.count(b"\n") >= len(steps)
