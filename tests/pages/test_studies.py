"""Studies of memory at their doors: the form and its refusals, the group it starts, the page, the file."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from forms import Fields
from persons import make_run

from ffweb.people.models import User
from ffweb.runs import services, studies, validate
from ffweb.runs.models import Run
from trainer import config as trainer_config
from trainer.cli import main
from trainer.profiling import plot, study
from trainer.profiling.cases import DEFAULT, DEPTHS, Case

Browser = Callable[..., Client]
NEW = "/studies/memory/new"
SMALL = {"methods": ["ff", "ff-streamed"], "layers": "2, 3", "hidden": "40", "batch": "100", "data": "digits",
         "images": "300"}  # fmt: skip
LAYER = {"weights": 1e6, "gradients": 1e6, "optimiser": 2e6, "activations": 3e6}


def post(client: Client, do: str = "start", **changed: Any) -> Any:
    return client.post(NEW, {**SMALL, **changed, "do": do})


def text(response: Any) -> str:
    return " ".join(unescape(re.sub("<[^>]+>", " ", response.content.decode())).split())


@pytest.fixture
def group(client: Client) -> str:
    """A study of two methods and two depths, queued."""
    return str(post(client)["Location"]).rpartition("/")[2]


def tell(group: str, method: str, layers: int, **fields: Any) -> Run:
    """Let the run of a case have reported."""
    run = Run.objects.get(group=group, tags__1=method, config__architecture__hidden=[40] * layers)
    by_layer = {f"layers/{n}/memory/{part}": size for n in range(1, layers + 1) for part, size in LAYER.items()}
    latest = {"memory/rise": 1e7 * layers, **by_layer}
    result = {"per_epoch": [{"epoch": 1, "e2e_seconds": 1.5}], "flops": 1e9}
    ended = {"status": "finished", "latest": latest, "result": result, "device": "cpu", **fields}
    Run.objects.filter(pk=run.pk).update(**ended)
    return run


# ── the form ──────────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_form_offers_the_command_lines_study(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validate.estimating, "available_memory", lambda: 10**12)
    page = client.get(NEW)
    fields = Fields(page.content.decode()).values
    assert fields["layers"] == ", ".join(map(str, DEPTHS))
    assert (fields["hidden"], fields["batch"], fields["data"], fields["images"]) == ("2000", "5000", "mnist", "10000")
    ticked = re.findall(r'name="methods" value="([^"]+)" checked', page.content.decode())
    assert tuple(ticked) == DEFAULT
    assert "18 runs , about 15 min" in text(page)
    assert "python -m trainer profile-memory <" in page.content.decode().replace("</span>", " <")


def test_the_form_says_its_command(client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = text(post(client, "check"))
    command = re.search(r"python -m trainer (profile-memory .*?--images \d+)", said)
    assert command
    asked: list[Case] = []
    monkeypatch.setattr(study, "study", lambda cases, path: asked.extend(cases) or [])
    assert main([*command[1].split(), "--out", str(tmp_path)]) == 0
    assert asked == small_cases()


@pytest.mark.parametrize(
    ("changed", "field", "words"),
    [
        ({"methods": []}, "methods", "Choose at least one method."),
        ({"layers": "2, deep"}, "layers", "Depths are numbers from 1 to 200 with commas between them, as 2, 7, 12."),
        ({"layers": "0"}, "layers", "Depths are numbers from 1 to 200"),
        ({"layers": ",".join(map(str, range(1, 40)))}, "layers", "A study may have 60 runs; this one has 78"),
        ({"hidden": "wide"}, "hidden", "A whole number from 1 up."),
        ({"batch": "-3"}, "batch", "A whole number from 1 up."),
        ({"images": "9"}, "images", "A whole number from 10 up, or nothing for all."),
        ({"images": "99999"}, "images", "training images; at most that many"),
        ({"data": "nonsense"}, "data", "There is no data set 'nonsense'; these would work: digits"),
    ],
)
def test_a_refusal_names_the_field_and_what_would_work(
    client: Client, changed: dict[str, Any], field: str, words: str
) -> None:
    for do in ("start", "check", "fitting"):
        page = post(client, do, **changed)
        assert page.status_code == 422
        found = re.search(rf'id="e-{field}">(.*?)</div>', page.content.decode(), re.DOTALL)
        assert found
        assert words in unescape(re.sub("<[^>]+>", "", found[1]))
        assert f'<a href="#f-{field}">' in page.content.decode()
    assert not Run.objects.exists()


def test_cases_without_room_are_named_and_the_others_can_start(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    needs = {need.case: need.estimate for need in studies.needs(small_cases())}
    room = sorted(estimate.memory_bytes for estimate in needs.values() if estimate)[2]
    monkeypatch.setattr(validate.estimating, "available_memory", lambda: room)
    refused = post(client)
    assert refused.status_code == 422
    assert "Nothing was started Some cases have no room" in text(refused)
    assert "1 case has no room" in text(refused)
    assert "Start the 3 that fit" in text(refused)
    assert not Run.objects.exists()
    assert post(client, "fitting").status_code == 302
    assert Run.objects.count() == 3


def small_cases() -> list[Case]:
    return [Case(method, layers, 40, 100, "digits", 300) for layers in (2, 3) for method in ("ff", "ff-streamed")]


def test_a_study_is_one_run_a_case_with_the_cases_own_config(client: Client, group: str) -> None:
    runs = list(Run.objects.filter(group=group).order_by("created", "pk"))
    assert [run.name for run in runs] == [case.title for case in small_cases()]
    assert runs[1].name == "FF, one layer in memory, 2 layers"
    for run, case in zip(runs, small_cases(), strict=True):
        same = trainer_config.parse(run.config).model_copy(update={"name": case.config().name})
        assert same == case.config()
        assert (run.status, run.tags) == ("queued", ["memory-study", case.method])


def test_all_start_or_none(client: Client, settings: Any) -> None:
    settings.MAX_QUEUED_PER_USER = 3
    page = post(client)
    assert page.status_code == 422
    assert "You may have 3 runs waiting" in text(page)
    assert not Run.objects.exists()


# ── the page ──────────────────────────────────────────────────────────────────────────────────────────────────────
def data(page: Any) -> dict[str, Any]:
    found = re.search(r'id="study-data" type="application/json">(.*?)</script>', page.content.decode())
    assert found
    return dict(json.loads(found[1]))


def test_points_appear_as_runs_report(client: Client, group: str) -> None:
    assert [line["points"] for line in data(client.get(f"/studies/{group}"))["lines"]] == [[], []]
    tell(group, "ff", 2)
    running = tell(group, "ff-streamed", 3, status="running", result=None)
    tell(group, "ff-streamed", 2, status="failed", reason="out of memory", result=None)
    page = client.get(f"/studies/{group}", headers={"X-Partial": "1"})
    told = data(page)
    plain, streamed = told["lines"]
    assert plain["points"] == [
        {
            "x": 2,
            "y": 20.0,
            "open": False,
            "text": "FF, all layers in memory, 2 layers: 20\u202fMB<br>weights 2\u202fMB<br>gradients 2\u202fMB"
            "<br>optimiser 4\u202fMB<br>activities 3\u202fMB<br>1.5\u202fs",
        }
    ]
    (point,) = streamed["points"]
    assert (point["x"], point["open"]) == (3, True)
    assert "weights 1\u202fMB" in point["text"]  # one layer at a time
    assert told["runs"][running.pk] == ["running", 3e7, False]
    assert told["active"] == 2
    assert "2 of 4 runs have ended, 1 without a figure." in text(page)
    assert "out of memory" in text(page)
    assert "<html" not in page.content.decode()


def test_the_page_says_its_conditions_and_leads_to_every_run(client: Client, group: str) -> None:
    tell(group, "ff", 2)
    page = client.get(f"/studies/{group}")
    assert "300 images, one epoch, batches of 100, layers of 40, on cpu." in text(page)
    for run in Run.objects.filter(group=group):
        assert f'href="/runs/{run.pk}"' in page.content.decode()
        assert f'href="/studies/{group}"' in client.get(f"/runs/{run.pk}").content.decode()


def test_the_twin_of_a_case_is_backprop_at_its_depth_in_the_same_pieces(client: Client) -> None:
    group = post(client, methods=["ff", "ff-streamed", "backprop", "backprop-pieces"])["Location"].rpartition("/")[2]
    whole, shallow, deep = (
        tell(group, *case) for case in (("backprop", 3), ("backprop-pieces", 2), ("backprop-pieces", 3))
    )
    for method in ("ff", "ff-streamed"):
        page = client.get(f"/runs/{tell(group, method, 3).pk}").content.decode()
        assert f'href="/runs/{deep.pk}">See the twin' in page
        assert f'href="/runs/{shallow.pk}"' not in page
        assert f'href="/runs/{whole.pk}"' not in page


def test_the_page_says_how_much_of_a_saving_is_pieces_and_how_much_locality(client: Client) -> None:
    group = post(client, methods=["ff", "ff-streamed", "backprop", "backprop-pieces"])["Location"].rpartition("/")[2]
    tell(group, "backprop", 3, latest={"memory/rise": 1413e6})
    tell(group, "ff", 3, latest={"memory/rise": 787e6})
    assert "is not known without “backprop, in the same pieces”." in text(client.get(f"/studies/{group}"))
    tell(group, "backprop-pieces", 3, latest={"memory/rise": 840e6}, status="running", result=None)
    assert "is not known without" in text(client.get(f"/studies/{group}"))  # its peak may rise
    tell(group, "backprop-pieces", 3, latest={"memory/rise": 840e6})
    tell(group, "ff-streamed", 3, latest={"memory/rise": 117e6})
    said = text(client.get(f"/studies/{group}", headers={"X-Partial": "1"}))
    assert (
        "At 3 layers “FF, all layers in memory” takes 626 MB less than “backprop, a batch at once” (787 MB against "
        "1,413 MB): 573 MB (92 %) from going through a batch in pieces, which backprop can do too; 53 MB (8 %) from "
        "layers that learn alone." in said
    )
    assert "53 MB (4 %) from layers that learn alone; 670 MB (52 %) from layers that wait in files." in said


def test_a_control_beside_a_run_is_no_case_of_the_study(client: Client, alice: User, group: str) -> None:
    run = tell(group, "ff", 2)
    services.create_controls(alice, Run.objects.get(pk=run.pk), ["backprop"])
    assert len(studies.read(alice, group)) == 4
    assert {point.run for point in studies.read(alice, group)} >= {run.pk}


def test_who_may_see_none_of_the_runs_finds_no_study(
    client: Client, browser: Browser, alice: User, bob: User, group: str
) -> None:
    Run.objects.filter(group=group).update(visibility="private")
    other = browser(bob)
    for address in (f"/studies/{group}", f"/studies/{group}/memory.json", "/studies/00000000"):
        assert other.get(address).status_code == 404
    assert other.post(f"/studies/{group}/stop").status_code == 404
    Run.objects.filter(group=group, tags__1="ff-streamed").update(visibility="team")
    assert len(data(other.get(f"/studies/{group}"))["lines"]) == 1
    assert browser().get(f"/studies/{group}").status_code == 302
    make_run(alice, "no study", group="abcd1234")
    assert client.get("/studies/abcd1234").status_code == 404


def test_stop_all_stops_what_is_left(client: Client, browser: Browser, bob: User, group: str) -> None:
    tell(group, "ff", 2)
    assert browser(bob).post(f"/studies/{group}/stop").status_code == 302  # may look, not stop
    assert Run.objects.filter(status="queued").count() == 3
    page = client.post(f"/studies/{group}/stop", follow=True)
    assert "3 runs will stop. What has been measured is kept." in text(page)
    assert sorted(Run.objects.values_list("status", flat=True)) == ["finished", "stopped", "stopped", "stopped"]
    assert data(page)["active"] == 0


def test_the_file_is_one_that_the_command_line_goes_on_from(client: Client, group: str, tmp_path: Path) -> None:
    tell(group, "ff", 2)
    tell(group, "ff-streamed", 2, status="failed", reason="out of memory", result=None)
    answer = client.get(f"/studies/{group}/memory.json")
    assert answer["Content-Disposition"] == f'attachment; filename="memory-{group}.json"'
    path = tmp_path / "memory.json"
    path.write_bytes(answer.content)
    row, failed = study.read(path)
    assert {name: row[name] for name in Case("ff", 2).as_dict()} == Case("ff", 2, 40, 100, "digits", 300).as_dict()
    assert (row["seconds"], plot.peak(row), row["parts"]["weights"]) == (1.5, 2e7, 2e6)
    assert failed["failed"] == "out of memory"
    assert next(study.study([Case("ff", 2, 40, 100, "digits", 300)], path)) == (row, True)
    plot.write([row, failed], tmp_path / "memory.html")
    assert "2 layers: 20 MB" in (tmp_path / "memory.html").read_text()
