"""The runs table at its door: rows, filters, order, paging, actions; everything without scripts."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from persons import make_run

from ffweb.people.models import User
from ffweb.runs.models import Run
from ffweb.work.models import Worker
from ffweb.work.presence import seconds_from_now

Browser = Callable[..., Client]
MNIST = {"data": {"name": "mnist"}}


def finished(owner: User, name: str, accuracy: float, valid: float | None = None, **fields: Any) -> Run:
    said = {"test/accuracy": accuracy} | ({} if valid is None else {"valid/accuracy": valid})
    ended = timezone.now()
    return make_run(
        owner,
        name,
        status="finished",
        latest=said,
        started=ended - timedelta(seconds=171),
        ended=ended,
        sparkline=[0.5, accuracy],
        **fields,
    )


def names(client: Client, query: str = "") -> list[str]:
    page = client.get(f"/{query}").content.decode()
    return re.findall(r'<a class="run-name"[^>]*>([^<]+)</a>', page)


def row(page: str, run: Run) -> str:
    found = re.search(rf'<tr data-id="{run.pk}".*?</tr>', page, re.S)
    assert found
    return found[0]


# ── rows ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_row_says_all_of_a_run(browser: Browser, alice: User, bob: User) -> None:
    run = finished(bob, "thin & long", 0.9823, config=MNIST)
    text = row(browser(alice).get("/").content.decode(), run)
    for part in (
        "thin &amp; long",
        "ff-digits",
        "MNIST",
        ">FF<",
        "Finished",
        "98.23<",
        "2\u00a0min 51\u00a0s",
        'title="bob"',
    ):
        assert part in text
    assert '<path d="M3.0 27.0L105.0 3.0"/>' in text
    assert f'href="/runs/{run.pk}"' in text


def test_method_is_told_by_what_a_config_can_do(browser: Browser, alice: User) -> None:
    whole, pair = {"scope": {"kind": "whole"}}, {"scope": {"kind": "pair"}}
    no_label = {"competitors": {"kind": "hybrid_image"}, "label_code": {"kind": "none"}}
    kinds: dict[str, dict[str, Any]] = {
        "FF": {},
        "BP": whole,
        "BP+": {"scope": {"kind": "whole", "losses": "all"}},
        "FF+BP": {"layers": [{"span": "3-", **whole}]},
        "MF": {"competitors": {"kind": "classes"}},
        "FF2": pair,
        "BLK": {"scope": {"kind": "block", "size": 2}},
        "UFF": no_label,
        "RND": {"layers": [{"span": "1-", "frozen": True}]},
        "LIN": {"architecture": {"kind": "pixels"}},
    }
    made = {tag: make_run(alice, tag, preset="", config=config) for tag, config in kinds.items()}
    page = browser(alice).get("/").content.decode()
    for tag, run in made.items():
        assert f">{tag}</abbr>" in row(page, run)


def test_an_accuracy_has_the_same_digits_here_as_everywhere(browser: Browser, alice: User) -> None:
    run = finished(alice, "d", 0.9583333)
    assert "95.83<" in row(browser(alice).get("/").content.decode(), run)


def test_best_of_each_data_set_is_chosen_by_validation_where_there_are_two(browser: Browser, alice: User) -> None:
    worse, better = finished(alice, "a", 0.97, valid=0.90), finished(alice, "b", 0.95, valid=0.92)
    alone, unknown = finished(alice, "c", 0.99, valid=0.99, config=MNIST), finished(alice, "d", 0.999)
    page = browser(alice).get("/").content.decode()
    assert [">best<" in row(page, run) for run in (worse, better, alone, unknown)] == [False, True, False, False]


def test_names_are_text_everywhere(browser: Browser, alice: User) -> None:
    make_run(alice, '<img src=x onerror="alert(1)">', tags=["<b>"], status="failed", reason="<script>alert(2)</script>")
    client = browser(alice)
    for page in (client.get("/"), client.get("/", headers={"X-Partial": "1"}), client.get("/?q=<script>")):
        text = page.content.decode()
        assert "<img src=x" not in text
        assert "<script>alert" not in text
        assert "q=<script" not in text


def test_waiting_and_failed_rows_say_more(browser: Browser, alice: User) -> None:
    first, second = make_run(alice, "first"), make_run(alice, "second")
    broken = make_run(alice, "broken", status="diverged", reason="Epoch 14: the loss of layer 2 is NaN.")
    page = browser(alice).get("/").content.decode()
    assert ">next<" in row(page, first)
    assert ">1 ahead<" in row(page, second)
    assert "Epoch 14: the loss" in row(page, broken)


def test_private_runs_of_others_are_not_there(browser: Browser, alice: User, bob: User) -> None:
    make_run(bob, "of bob alone", visibility="private", config=MNIST)
    make_run(bob, "open")
    page = browser(alice).get("/").content.decode()
    assert "of bob alone" not in page
    assert "MNIST" not in page  # nor does the list of data sets tell of it
    assert 'id="active-count">1<' in page


# ── what is asked for ─────────────────────────────────────────────────────────────────────────────────────────────
def test_segments_search_and_data_set(browser: Browser, alice: User, bob: User) -> None:
    make_run(alice, "one", status="failed")
    make_run(bob, "two", config=MNIST)
    finished(alice, "three", 0.9)
    make_run(alice, "gone", archived=True)
    client = browser(alice)
    assert sorted(names(client)) == ["one", "three", "two"]
    assert names(client, "?view=active") == ["two"]
    assert sorted(names(client, "?view=mine")) == ["one", "three"]
    assert names(client, "?view=failed") == ["one"]
    assert names(client, "?view=archived") == ["gone"]
    assert names(client, "?data=mnist") == ["two"]
    assert names(client, "?q=thr") == ["three"]
    assert names(client, "?q=acc>0.8") == ["three"]
    assert names(client, "?view=mine&data=digits&q=one") == ["one"]


def test_a_search_that_cannot_be_read_says_what_would_work(browser: Browser, alice: User) -> None:
    make_run(alice)
    page = browser(alice).get("/?q=status:flying").content.decode()
    assert "No status is called flying" in page
    assert 'aria-invalid="true"' in page


@pytest.mark.parametrize(
    "query", ["?view=x", "?page=x", "?page=99", "?page=²", "?data=%22", "?sort=nothing", "?q=" + "x" * 600]
)
def test_an_address_typed_wrong_is_still_a_page(browser: Browser, alice: User, query: str) -> None:
    make_run(alice)
    assert browser(alice).get(f"/{query}").status_code == 200


def test_order_is_in_the_address_and_said_to_screen_readers(browser: Browser, alice: User) -> None:
    for name, accuracy in (("b", 0.9), ("a", 0.7), ("c", 0.8)):
        finished(alice, name, accuracy)
    client = browser(alice)
    assert names(client, "?sort=name") == ["a", "b", "c"]
    assert names(client, "?sort=-acc") == ["b", "c", "a"]
    page = client.get("/?sort=-acc").content.decode()
    assert 'class="c-accuracy num" aria-sort="descending"' in page
    assert 'href="?sort=acc"' in page  # the same header asks for the other way round
    assert 'aria-sort="descending"' in client.get("/").content.decode()


def test_fifty_at_a_time_by_plain_links(browser: Browser, alice: User) -> None:
    for number in range(53):
        make_run(alice, f"run {number:02d}")
    client = browser(alice)
    page = client.get("/?sort=name").content.decode()
    more = re.search(r'href="([^"]+)" id="more"[^>]*>([^<]+)<', page)
    assert more
    assert more[2] == "Show 3 more"
    query = more[1].replace("&amp;", "&")
    assert parse_qs(urlsplit(query).query) == {"sort": ["name"], "page": ["2"]}
    assert names(client, query) == ["run 50", "run 51", "run 52"]
    assert 'id="before"' in client.get("/" + query).content.decode()


def test_partial_is_the_list_alone(browser: Browser, alice: User) -> None:
    make_run(alice)
    response = browser(alice).get("/", headers={"X-Partial": "1"})
    page = response.content.decode()
    assert "<html" not in page
    assert 'id="rows"' in page
    assert "X-Partial" in response.headers["Vary"]


def test_queries_do_not_grow_with_rows(browser: Browser, alice: User, bob: User) -> None:
    client = browser(alice)
    counts = []
    for owner in (alice, bob):
        for number in range(12):
            finished(owner, f"{owner} {number}", 0.9 + number / 1000, tags=["x"])
            make_run(owner, f"waits {number}")
        client.get("/")
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get("/")
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert counts[0] <= 12


def test_no_match_offers_the_way_back(browser: Browser, alice: User) -> None:
    make_run(alice)
    page = browser(alice).get("/?q=nothing-like-it").content.decode()
    assert "No run matches “nothing-like-it”" in page
    assert "Clear filters" in page


# ── first visit ───────────────────────────────────────────────────────────────────────────────────────────────────
def test_first_visit_says_what_this_machine_has(browser: Browser, alice: User) -> None:
    client = browser(alice)
    page = client.get("/").content.decode()
    assert "No runs yet" in page
    assert "No worker is connected" in page
    Worker.objects.create(name="w", queue="cpu", host="h", device="cpu", slots=2, meters={}, seen=seconds_from_now(0))
    page = client.get("/").content.decode()
    for line in ("Worker ready: 2 CPU slots", "No GPU found", "Energy is not measured here"):
        assert line in page


def test_first_run_with_one_click_and_with_its_twin(browser: Browser, alice: User) -> None:
    client = browser(alice)
    response = client.post("/runs/quick-start")
    run, frozen = Run.objects.order_by("created")
    assert response.headers["Location"] == f"/runs/{run.pk}"
    assert (run.owner, run.preset, run.status) == (alice, "ff-digits", "queued")
    assert (frozen.name, frozen.group) == ("FF on digits · frozen random layers", run.group)
    client.post("/runs/quick-start", {"twin": "1"})
    others = Run.objects.exclude(group=run.group).order_by("created")
    assert [other.name for other in others] == [
        "FF on digits",
        "FF on digits · frozen random layers",
        "FF on digits · backprop",
    ]


# ── actions ───────────────────────────────────────────────────────────────────────────────────────────────────────
def act(client: Client, action: str, *runs: Run) -> Any:
    return client.post(
        "/runs/actions", {"action": action, "run": [r.pk for r in runs], "next": "/?view=mine"}, follow=True
    )


def undo(page: str) -> str:
    found = re.search(r'action="(/runs/(?:restore|actions)\?[^"]+)"', page)
    assert found
    return found[1].replace("&amp;", "&")


def test_delete_and_undo(browser: Browser, alice: User) -> None:
    one, two = finished(alice, "one", 0.9), finished(alice, "two", 0.8)
    finished(alice, "three", 0.7)
    client = browser(alice)
    response = act(client, "delete", one, two)
    assert response.redirect_chain == [("/?view=mine", 302)]
    page = response.content.decode()
    assert "2 runs deleted." in page
    assert names(client) == ["three"]
    client.post(undo(page))
    assert sorted(names(client)) == ["one", "three", "two"]


def test_archive_and_undo_star_and_stop(browser: Browser, alice: User) -> None:
    run = make_run(alice)
    client = browser(alice)
    act(client, "star", run)
    page = act(client, "archive", run).content.decode()
    run.refresh_from_db()
    assert run.starred
    assert run.archived
    client.post(undo(page))
    act(client, "stop", run)
    run.refresh_from_db()
    assert not run.archived
    assert run.status == "stopped"


def test_what_is_not_ones_own_refuses_in_words_and_the_rest_is_done(browser: Browser, alice: User, bob: User) -> None:
    mine, theirs = finished(alice, "mine", 0.9), finished(bob, "theirs", 0.8)
    page = act(browser(alice), "delete", mine, theirs).content.decode()
    assert "“mine” deleted." in page
    assert "theirs: Only bob and admins may delete this run." in page
    theirs.refresh_from_db()
    assert theirs.deleted_at is None


@pytest.mark.parametrize("action", ["delete", "stop", "star", "archive"])
def test_what_one_may_not_see_does_not_exist(browser: Browser, alice: User, bob: User, action: str) -> None:
    hidden = make_run(bob, visibility="private")
    client = browser(alice)
    assert act(client, action, hidden).status_code == 404
    assert client.post(f"/runs/restore?run={hidden.pk}").status_code == 404
    hidden.refresh_from_db()
    assert (hidden.status, hidden.archived, hidden.starred, hidden.deleted_at) == ("queued", False, False, None)


def test_actions_need_a_session_a_known_name_and_a_post(browser: Browser, alice: User) -> None:
    run = make_run(alice)
    assert (
        browser().post("/runs/actions", {"action": "delete", "run": run.pk}).headers["Location"].startswith("/sign-in")
    )
    assert browser(alice).post("/runs/actions", {"action": "explode", "run": run.pk}).status_code == 404
    assert browser(alice).get(f"/runs/actions?action=delete&run={run.pk}").status_code == 405
    assert Run.objects.filter(deleted_at=None).count() == 1


@pytest.mark.parametrize("path", ["/runs/actions?action=star", "/runs/restore"])
def test_more_than_can_be_done_at_once_is_said_and_none_is_done(browser: Browser, alice: User, path: str) -> None:
    runs = [make_run(alice, deleted_at=timezone.now() if "restore" in path else None) for _ in range(201)]
    page = browser(alice).post(path, {"run": [run.pk for run in runs]}, follow=True).content.decode()
    assert "At most 200 runs at once; these are 201, and nothing was done." in page
    assert not Run.objects.filter(starred=True).exists()
    assert Run.objects.filter(deleted_at=None).count() in (0, 201)
