"""The form for a new run: controls beside it, layers of their own, fields of one kind of data, what scripts ask."""

from __future__ import annotations

from typing import Any

from django.test import Client
from forms import NEW, Fields, start

from ffweb.runs.models import Run
from trainer import config as trainer_config
from trainer.controls import CONTROLS


# ── controls ──────────────────────────────────────────────────────────────────────────────────────────────────────
def test_controls_that_are_ticked_start_beside_the_run(client: Client) -> None:
    start(client, {"architecture.hidden": "40, 30", "against.random": "true", "against.linear": "true"}, do="twin")
    runs = {run.name.rpartition(" · ")[2]: run for run in Run.objects.all()}
    assert len({run.group for run in runs.values()}) == 1
    assert set(runs) >= {"backprop", "frozen random layers", "softmax on the pixels"}
    main = Run.objects.get(preset="ff-digits")
    for name, run in (("random", runs["frozen random layers"]), ("linear", runs["softmax on the pixels"])):
        derived = trainer_config.parse(CONTROLS[name].derive(trainer_config.parse(main.config)).model_dump(mode="json"))
        assert {**run.config, "name": ""} == {**derived.model_dump(mode="json"), "name": ""}


def test_the_button_counts_the_controls(client: Client) -> None:
    answer = ask(client, {"seeds": "0,1", "against.random": "true"})
    assert answer["start"] == "Start 4 runs"
    assert "hybrid" in answer["controls"].pop("frozen_below")
    assert answer["controls"] == {name: "" for name in CONTROLS if name != "frozen_below"}


def test_a_control_that_a_run_cannot_have_says_why(client: Client) -> None:
    answer = client.post(f"{NEW}/check?preset=backprop-digits", {}).json()
    assert "itself" in answer["controls"]["backprop"]
    assert "Backprop" in answer["html"]["no_controls"]
    page = client.get(f"{NEW}?preset=backprop-digits").content.decode()
    assert ("against.backprop", "true") in Fields(page).disabled


# ── layers of their own ───────────────────────────────────────────────────────────────────────────────────────────
def test_layers_of_their_own_are_read_out_and_drawn(client: Client) -> None:
    hybrid = '[{"span": "1", "frozen": true}, {"span": "2-", "scope": {"kind": "pair"}}]'
    fields = {"architecture.hidden": "40, 30, 20", "layers": hybrid, "regulariser.peer": "0"}
    page = start(client, fields, do="check").content.decode()
    assert "<li>Layer 1: frozen</li><li>Layer 2 and above: scope “Overlapping pairs”</li>" in page
    layers = ask(client, fields)["net"]["layers"]
    assert [layer["reach"] for layer in layers] == [0, 1, 1]
    assert [layer["frozen"] for layer in layers] == [True, False, False]


# ── fields of one kind of data ────────────────────────────────────────────────────────────────────────────────────
def test_what_belongs_to_texts_shows_for_texts_only(client: Client) -> None:
    images, text = ask(client, {}), ask(client, {"data.name": "python-topics", "label_code.kind": "next"})
    assert images["fields"]["data.window"]["gone"]
    assert "next" in images["fields"]["label_code"]["without"]
    assert not text["fields"]["data.window"]["gone"]
    assert text["fields"]["data.augment"]["gone"]


# ── what scripts ask ──────────────────────────────────────────────────────────────────────────────────────────────
def ask(client: Client, fields: dict[str, str]) -> Any:
    return client.post(f"{NEW}/check", fields).json()


def test_a_check_gives_the_pieces_of_the_page(client: Client) -> None:
    answer = ask(client, {"schedule.epochs": "7", "seeds": "0,1"})
    assert answer["fields"]["schedule.epochs"]["changed"] is True
    assert answer["fields"]["optimiser.lr"] == {"changed": False, "errors": "", "gone": False}
    assert answer["start"] == "Start 2 runs"
    assert [layer["units"] for layer in answer["net"]["layers"]] == [30, 30]
    assert "classes" in answer["fields"]["competitors"]["off"]
    summaries = {group["name"]: group["summary"] for group in answer["groups"]}
    assert summaries["goodness"] == "mean of squares, Swish-SymBa α = 6.0"
    assert "7 epochs" in summaries["training"]


def test_a_check_of_something_wrong_still_counts_what_it_can(client: Client) -> None:
    answer = ask(client, {"schedule.epochs": "x", "architecture.hidden": "10"})
    assert "no number" in answer["fields"]["schedule.epochs"]["errors"]
    assert "cannot start yet" in answer["html"]["numbers"]
    assert "Parameters" in answer["html"]["numbers"]
    assert answer["said"].startswith("1 to fix")
