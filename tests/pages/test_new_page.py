"""The form for a new run, as a browser without scripts uses it: every button is a plain POST."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.test import Client
from forms import NEW, Fields, error_at, preset_config, shown, start
from persons import make_run
from samples import NETS

from ffweb.people.models import User
from ffweb.runs.models import Run
from trainer import config as trainer_config
from trainer.presets import PRESETS

Browser = Callable[[User | None], Client]


# ── starting ──────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("name", NETS)
def test_a_preset_of_every_net_renders_and_starts_a_run_with_its_config(client: Client, alice: User, name: str) -> None:
    page = client.get(f"{NEW}?preset={name}")
    assert page.status_code == 200
    answer = start(client, shown(page), f"?preset={name}")
    run = Run.objects.get()
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"/runs/{run.pk}"
    assert (run.status, run.owner, run.preset) == ("queued", alice, name)
    assert {**run.config, "name": ""} == {**preset_config(name), "name": ""}
    assert run.name == PRESETS[name].title


def test_a_bare_post_starts_the_first_preset(client: Client) -> None:
    assert start(client, {}).status_code == 302
    assert Run.objects.get().preset == next(iter(PRESETS))


def test_what_is_changed_is_in_the_config_and_in_the_name(client: Client) -> None:
    start(client, {"objective.kind": "threshold", "objective.theta": "1.5", "architecture.hidden": "30, 20"})
    run = Run.objects.get()
    assert (run.config["objective"]["kind"], run.config["objective"]["theta"]) == ("threshold", 1.5)
    assert run.config["architecture"]["hidden"] == [30, 20]
    assert run.name == "Forward-Forward on digits, layers 30-20, objective threshold, θ 1.5"


def test_seeds_start_a_run_each(client: Client) -> None:
    start(client, {"seeds": "3, 5-6", "name": "three"})
    runs = Run.objects.order_by("created", "pk")
    assert sorted(run.config["seed"] for run in runs) == [3, 5, 6]
    assert len({run.group for run in runs}) == 1
    assert all(run.name.startswith("three") for run in runs)


def test_one_seed_that_is_not_the_presets(client: Client) -> None:
    start(client, {"seeds": "7"})
    assert Run.objects.get().config["seed"] == 7


def test_a_twin_is_the_fair_backprop_in_the_same_group(client: Client) -> None:
    start(client, {"architecture.hidden": "40", "seeds": "2"}, do="twin")
    run, twin = Run.objects.get(preset="ff-digits"), Run.objects.get(preset="")
    fair = trainer_config.parse(run.config).twin().model_dump(mode="json")
    assert {**twin.config, "name": ""} == {**fair, "name": ""}
    assert run.group == twin.group != ""
    assert (run.config["seed"], twin.config["seed"]) == (2, 2)


def test_seeds_with_twins(client: Client) -> None:
    start(client, {"seeds": "0 1"}, do="twin")
    assert Run.objects.filter(preset="ff-digits").count() == 2
    assert Run.objects.filter(preset="").count() == 2


def test_backprop_offers_no_twin(client: Client) -> None:
    page = client.get(f"{NEW}?preset=backprop-digits").content.decode()
    assert re.search(r'id="start-twin"[^>]* hidden', page)
    assert start(client, {}, "?preset=backprop-digits", do="twin").status_code == 302
    assert Run.objects.count() == 1


# ── what is refused, and where it is said ─────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("fields", "path", "says"),
    [
        ({"optimiser.lr": "1,5"}, "optimiser.lr", "comma"),
        ({"optimiser.lr": "-1"}, "optimiser.lr", "more than 0"),
        ({"schedule.epochs": "many"}, "schedule.epochs", "no number"),
        ({"schedule.epochs": "0"}, "schedule.epochs", "at least 1"),
        ({"architecture.hidden": ""}, "architecture.hidden", "at least 1"),
        ({"architecture.hidden": "0, 5"}, "architecture.hidden", "at least 1"),
        ({"objective.kind": "magic"}, "objective", "Choose threshold"),
        ({"label_code.kind": "none"}, "label_code", "Nothing competes"),
        ({"normalisation.before.kind": "rms"}, "normalisation.before", "length"),
        ({"data.name": "nowhere"}, "data.name", "digits"),
        ({"data.name": "npz:missing"}, "data.name", "npz"),
        ({"data.train_size": "5000"}, "data.train_size", "1,437"),
        ({"device": "toaster"}, "device", "cpu"),
        ({"device": "cuda"}, "device", "GPU"),
        ({"architecture.hidden": "65536, 65536, 65536"}, "architecture.hidden", "memory"),
        ({"layers": "[{]"}, "layers", "no JSON"),
        ({"layers": '[{"span": "7"}]'}, "layers", "layers 1 to 2"),
        ({"seeds": "a"}, "seeds", "whole numbers"),
        ({"seeds": "0-99"}, "seeds", "At most"),
        ({"seeds": "99999999999"}, "seeds", "whole numbers"),
        ({"seeds": "4294967296"}, "seeds", "at most"),
        ({"name": "n" * 201}, "name", "200"),
    ],
)
def test_each_refusal_stands_at_its_field(client: Client, fields: dict[str, str], path: str, says: str) -> None:
    answer = start(client, fields)
    assert answer.status_code == 422
    assert Run.objects.count() == 0
    assert says.lower() in error_at(answer, path).lower()
    page = answer.content.decode()
    assert 'id="errors" role="alert" tabindex="-1" autofocus' in page
    assert f'href="#f-{path}"' in page


def test_what_was_typed_stays(client: Client) -> None:
    answer = start(client, {"optimiser.lr": "1,5", "schedule.epochs": "7", "name": "mine", "seeds": "0,1"})
    fields = shown(answer)
    assert (fields["optimiser.lr"], fields["schedule.epochs"]) == ("1,5", "7")
    assert (fields["name"], fields["seeds"]) == ("mine", "0,1")


def test_an_error_opens_what_is_folded(client: Client) -> None:
    answer = start(client, {"optimiser.beta1": "2"})
    assert re.search(r'<details class="rare" open><summary>More: [^<]*β₁', answer.content.decode())


def test_a_full_queue_is_said_and_the_form_kept(client: Client, settings: Any) -> None:
    settings.MAX_QUEUED_PER_USER = 0
    answer = start(client, {"schedule.epochs": "7"})
    assert answer.status_code == 429
    assert "waiting" in answer.content.decode()
    assert shown(answer)["schedule.epochs"] == "7"


def test_unknown_fields_are_nobodys(client: Client) -> None:
    assert start(client, {"objective.theta": "1.5", "nonsense": "x"}).status_code == 302
    assert "theta" not in Run.objects.get().config["objective"]


# ── without scripts ───────────────────────────────────────────────────────────────────────────────────────────────
def test_another_kind_shows_its_fields_after_a_round_trip(client: Client) -> None:
    page = start(client, {**shown(client.get(NEW)), "objective.kind": "threshold"}, do="check")
    assert page.status_code == 200
    fields = shown(page)
    assert fields["objective.theta"] == "2.0"
    assert "objective.alpha" not in fields
    assert Run.objects.count() == 0


def test_check_says_what_the_run_needs_and_what_was_changed(client: Client) -> None:
    page = start(client, {"schedule.epochs": "1,000"}, do="check").content.decode()
    assert re.search(r"<dt>Parameters</dt><dd>2.88", page)
    assert '<del><span class="sr-only">was </span>60</del> → 1,000' in page
    assert re.search(r"--set schedule.epochs=1000 --out", page)


def test_reset_puts_one_field_back_and_keeps_the_others(client: Client) -> None:
    sent = {"schedule.epochs": "7", "optimiser.lr": "1", "objective.kind": "threshold", "objective.theta": "9"}
    fields = shown(client.post(NEW, {**sent, "reset": "schedule.epochs"}))
    assert (fields["schedule.epochs"], fields["optimiser.lr"]) == ("60", "1")
    fields = shown(client.post(NEW, {**sent, "reset": "objective"}))
    assert (fields["objective.kind"], fields["objective.alpha"], fields["optimiser.lr"]) == ("swish_symba", "6.0", "1")


def test_reset_all_keeps_name_and_seeds(client: Client) -> None:
    fields = shown(client.post(NEW, {"schedule.epochs": "7", "name": "mine", "seeds": "4", "reset": ""}))
    assert (fields["schedule.epochs"], fields["name"], fields["seeds"]) == ("60", "mine", "4")


def test_what_does_not_go_with_the_rest_is_disabled_with_the_reason_and_a_way(client: Client) -> None:
    page = client.get(NEW)
    html = page.content.decode()
    assert ("competitors.kind", "classes") in Fields(html).disabled
    offered = re.search(r'<button class="link-button" name="set" value="(competitors.kind=classes[^"]*)"', html)
    assert offered
    taken = client.post(NEW, {**shown(page), "set": unescape(offered[1])})
    assert taken.status_code == 200
    assert "This cannot start yet" not in taken.content.decode()
    assert start(client, shown(taken)).status_code == 302
    config = Run.objects.get().config
    assert (config["competitors"]["kind"], config["goodness"]["kind"]) == ("classes", "projection")


def test_a_repair_button_repairs(client: Client) -> None:
    refused = start(client, {"optimiser.lr": "0,5"})
    offered = re.search(r'name="set" value="(optimiser.lr=[^"]*)"', refused.content.decode())
    assert offered
    repaired = client.post(NEW, {**shown(refused), "set": offered[1]})
    assert shown(repaired)["optimiser.lr"] == "0.5"
    assert error_at(repaired, "optimiser.lr") == ""


def test_a_combination_that_cannot_learn_is_repaired_by_a_value_its_sentence_names(client: Client) -> None:
    refused = start(client, {"label_code.kind": "none"})
    offered = re.findall(r'name="set" value="(label_code.kind=[a-z]+)"', error_html(refused, "label_code"))
    assert "label_code.kind=overlay" in offered
    assert start(client, shown(client.post(NEW, {**shown(refused), "set": offered[0]}))).status_code == 302


@pytest.mark.parametrize(
    ("fields", "loc", "button"),
    [
        (
            {"architecture.kind": "transformer", "label_code.kind": "channel"},
            "architecture.patch",
            "architecture.patch=4",
        ),
        ({"data.train_size": "5000"}, "data.train_size", "data.train_size="),
        ({"data.test_size": "5000"}, "data.test_size", "data.test_size="),
        ({"normalisation.before.kind": "rms"}, "normalisation.before", "goodness.power=1"),
        ({"scope.kind": "whole"}, "readout.layers", "scope.losses=all"),
        (
            {"competitors.kind": "hard_wrong_label", "competitors.from": "head", "readout.kind": "softmax"}
            | {"readout.epochs": "2"},
            "competitors.from",
            "readout.epochs=",
        ),
    ],
)
def test_a_combination_is_repaired_by_a_number_or_an_option_too(
    client: Client, fields: dict[str, str], loc: str, button: str
) -> None:
    refused = start(client, fields)
    assert f'name="set" value="{button}"' in error_html(refused, loc)
    assert start(client, shown(client.post(NEW, {**shown(refused), "set": button}))).status_code == 302


def error_html(response: Any, path: str) -> str:
    found = re.search(rf'id="e-{re.escape(path)}">(.*?)</div>', response.content.decode(), re.DOTALL)
    return found[1] if found else ""


# ── clone and edit ────────────────────────────────────────────────────────────────────────────────────────────────
def test_clone_and_edit_starts_from_the_runs_config(client: Client, bob: User) -> None:
    parent = make_run(bob, "theirs")
    query = f"?from={parent.pk}"
    page = client.get(NEW + query)
    assert "theirs, by bob" in page.content.decode()
    fields = shown(page)
    assert (fields["objective.kind"], fields["objective.theta"]) == ("threshold", "1.5")
    start(client, {**fields, "objective.theta": "3"}, query)
    run = Run.objects.exclude(pk=parent.pk).get()
    assert run.config["objective"]["theta"] == 3.0
    assert (run.parent, run.owner.username) == (parent, "alice")
    assert run.name == "theirs, θ 3.0"


def test_an_untouched_clone_is_the_same_run_again(client: Client, alice: User) -> None:
    parent = make_run(alice, "again", config=preset_config("mono-forward-digits"))
    start(client, shown(client.get(f"{NEW}?from={parent.pk}")), f"?from={parent.pk}")
    run = Run.objects.exclude(pk=parent.pk).get()
    assert {**run.config, "name": ""} == {**preset_config("mono-forward-digits"), "name": ""}


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_run_one_may_not_see_is_not_there(client: Client, bob: User, method: str) -> None:
    hidden = make_run(bob, visibility="private")
    for run_id in (hidden.pk, "zzzzzzzz"):
        assert getattr(client, method)(f"{NEW}?from={run_id}").status_code == 404
        assert client.post(f"{NEW}/check?from={run_id}").status_code == 404


def test_an_unknown_preset_is_said_with_those_that_work(client: Client) -> None:
    answer = client.get(f"{NEW}?preset=magic")
    assert answer.status_code == 404
    assert "ff-digits" in answer.content.decode()
    assert client.post(f"{NEW}/check?preset=magic").status_code == 404


def test_a_run_of_a_config_that_is_refused_today_says_why(client: Client, alice: User) -> None:
    old = make_run(alice, config={"label_code": {"kind": "none"}})
    answer = client.get(f"{NEW}?from={old.pk}")
    assert answer.status_code == 404
    assert "nothing competes" in answer.content.decode().lower()


def test_one_signs_in_first(browser: Browser) -> None:
    assert browser(None).get(NEW).headers["Location"].startswith("/sign-in")
    assert browser(None).post(f"{NEW}/check").status_code == 302


# ── the preset cards ──────────────────────────────────────────────────────────────────────────────────────────────
def finished(owner: User, accuracy: float, **config: Any) -> Run:
    whole = {**preset_config("ff-digits"), **config}
    return make_run(owner, config=whole, status="finished", result={"metrics": {"test/accuracy": {"last": accuracy}}})


def test_a_card_says_what_was_published_or_reached_here(client: Client, alice: User, bob: User) -> None:
    published = r'title="50,000 training images[^"]*">published 93\.16\s% accuracy, their conditions<'
    assert re.search(published, client.get(NEW).content.decode())
    differs = r'title="[^"]*2e-8 would be theirs[^"]*">not all as in the public code<'
    assert re.search(differs, client.get(NEW).content.decode())
    for seed, accuracy in enumerate((0.95, 0.96, 0.98)):
        finished(bob, accuracy, seed=seed)
    finished(bob, 0.5, optimiser={"kind": "adam", "lr": 1.0})  # no longer the preset
    page = client.get(NEW).content.decode()
    assert re.search(r">this installation reached 96\.00 %, median of 3 runs<", page)


def test_presets_are_links_and_the_chosen_one_says_so(client: Client) -> None:
    page = client.get(f"{NEW}?preset=ff-fast-mnist").content.decode()
    assert re.findall(r'href="\?preset=([a-z-]+)" aria-current="true"', page) == ["ff-fast-mnist"]
    assert set(re.findall(r'href="\?preset=([a-z0-9-]+)"', page)) == set(PRESETS)


def test_presets_stand_by_family_and_the_filter_finds_them_by_data_and_name(client: Client) -> None:
    page = client.get(NEW).content.decode()
    assert re.search(r'<details class="box picker" id="picker" open>', page)
    assert 'picker" open' not in client.get(f"{NEW}?preset=ff-digits").content.decode()
    words = dict(
        zip(re.findall(r'href="\?preset=([a-z0-9-]+)"', page), re.findall(r'data-words="([^"]*)"', page), strict=True)
    )
    assert all(name in text for name, text in words.items())
    assert "mnist" in words["ff-pezeshki-mnist"]
