"""Data of one's own on the pages: odd files disabled with their reasons, what a run was trained on, words for texts."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import numpy as np
import pytest
from django.test import Client
from forms import NEW, Fields
from owndata import npz, odd
from persons import make_run

from ffweb.pages.run_words import config_groups, subtitle
from ffweb.people.models import User
from ffweb.runs import controls, status
from ffweb.runs.models import Run
from trainer.config import compose, parse
from trainer.data import fingerprint
from trainer.errors import ConfigError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FFWEB_DATASETS", str(tmp_path))
    (tmp_path / "own.npz").write_bytes(npz())
    paragraphs = (f"The mice met the cat, and they all ran away at once {'so ' * (n % 5)}." for n in range(30))
    (tmp_path / "mice.txt").write_text("\n\n".join(paragraphs))
    return tmp_path


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return unescape(answer.content.decode())


@pytest.mark.parametrize(("address", "field"), [(NEW, "data.name"), ("/studies/memory/new", "data")])
def test_odd_files_are_disabled_with_their_reasons(client: Client, folder: Path, address: str, field: str) -> None:
    odd(folder)
    html = page(client, address)
    fields = Fields(html)
    assert {(field, "npz:locked"), (field, "npz:pipe"), (field, "text:folder")} <= fields.disabled
    assert (field, "npz:own") not in fields.disabled
    assert "npz:locked (cannot be used)" in html
    assert "it is protected by a password" in html


def test_reasons_can_be_read_without_a_mouse(client: Client, folder: Path) -> None:
    odd(folder)
    html = page(client, NEW)
    assert "5 data sets cannot be used" in html
    assert re.search(r"<li><b>text:folder</b> .*is a folder", html)


def test_what_is_chosen_stays_choosable(client: Client, folder: Path, alice: User) -> None:
    """A disabled option would not be sent, and the form would mean other data than it shows."""
    config = parse(compose("ff-digits", changes={"data.name": "npz:own"})).model_dump(mode="json")
    run = make_run(alice, config=config)
    odd(folder)
    (folder / "own.npz").write_bytes(b"broken")
    html = page(client, f"{NEW}?from={run.pk}")
    assert ("data.name", "npz:own") not in Fields(html).disabled
    assert Fields(html).values["data.name"] == "npz:own"
    assert "is no readable npz file" in html


@pytest.mark.parametrize("name", ["my data", "données", "data.v2", "Ünal & 'Co'"])
def test_a_name_of_any_letters_goes_through_the_form(client: Client, folder: Path, name: str) -> None:
    (folder / f"{name}.npz").write_bytes(npz())
    answer = client.post(f"{NEW}?preset=ff-digits", {"data.name": f"npz:{name}", "do": "start"})
    assert answer.status_code == 302
    run = Run.objects.get()
    assert run.config["data"]["name"] == f"npz:{name}"
    assert name in page(client, f"/runs/{run.pk}")
    assert page(client, "/")


def test_how_data_are_read_is_said_at_the_data_set(client: Client, folder: Path) -> None:
    (folder / "mice.txt").write_text((folder / "mice.txt").read_text().replace("cat", "cat 1912"))
    answer = client.post("/runs/new/check?preset=ff-digits", {"data.name": "text:mice"}).json()
    assert "of its characters are left out, such as 1, 2, 9." in answer["fields"]["data.name"]["aside"]
    x, y = np.zeros((40, 3, 8, 8), np.uint8), np.arange(40) % 4
    np.savez(folder / "torch.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    answer = client.post("/runs/new/check?preset=ff-digits", {"data.name": "npz:torch"}).json()
    assert "The file has its channels first" in answer["fields"]["data.name"]["aside"]
    assert "channels first" not in answer["html"]["numbers"]


def test_a_text_has_windows(client: Client, folder: Path) -> None:
    html = page(client, f"{NEW}?preset=ff-digits&set=data.name=text:mice")
    plain = re.sub(r"<[^>]+>", " ", html.partition('data-field="data.train_size"')[2].partition("data-field=")[0])
    assert "Training windows" in plain
    assert "image" not in plain
    answer = client.post("/runs/new/check?preset=ff-digits", {"data.name": "text:mice"}).json()
    assert answer["fields"]["data.train_size"]["title"] == "Training windows"
    answer = client.post("/runs/new/check?preset=ff-digits", {"data.name": "digits"}).json()
    assert answer["fields"]["data.train_size"]["title"] == "Training images"
    assert (
        "validation windows, test windows"
        in client.post("/runs/new/check?preset=ff-digits", {"data.name": "text:mice"}).json()["groups"][0]["more"]
    )
    study = client.post("/studies/memory/new", {"data": "text:mice", "do": "check"}).content.decode()
    assert "Training windows" in study
    assert ">images<" not in study


def test_the_page_of_a_run_over_a_text_speaks_of_windows(client: Client, folder: Path, alice: User) -> None:
    config = parse(compose("ff-digits", changes={"data.name": "text:mice"})).model_dump(mode="json")
    run = make_run(alice, config=config, status=status.FINISHED, latest={"speed/images_per_second": 900.0})
    assert 'data-rate="windows/s">900<span class="unit">windows/s' in page(client, "/")
    titles = [row.title for group in config_groups(config, None) for row in group.rows]
    assert {"Training windows", "Test windows", "Validation windows"} <= set(titles)
    assert not re.search(
        r"\b(training|test|validation) images|images per second", page(client, f"/runs/{run.pk}"), re.I
    )


# ── what a run was trained on ─────────────────────────────────────────────────────────────────────────────────────
def over(owner: User, data: fingerprint.Fingerprint, preset: str = "ff-digits", **fields: object) -> Run:
    config = parse(compose(preset, changes={"data.name": "npz:own"})).model_dump(mode="json")
    latest = {"test/accuracy": 0.9}
    more = {"status": status.FINISHED, "latest": latest, "result": {"metrics": {}}, "ended": "2026-01-01T00:00Z"}
    return make_run(owner, config=config, environment={"data": data}, **(more | fields))


def test_a_run_shows_the_digest_of_its_data_and_its_own_numbers(client: Client, folder: Path, alice: User) -> None:
    before = fingerprint.of("npz:own")
    run = over(alice, before)
    (folder / "own.npz").write_bytes(npz(classes=5, images=90))
    assert f"npz:own · {fingerprint.short(before)}" in page(client, f"/runs/{run.pk}")
    assert subtitle(run.config, before).startswith(f"own ({fingerprint.short(before)}), 40 images")


def test_a_twin_over_other_data_is_no_twin(client: Client, folder: Path, alice: User) -> None:
    before = fingerprint.of("npz:own")
    (folder / "own.npz").write_bytes(npz(classes=5))
    now = fingerprint.of("npz:own")
    run = over(alice, before, group="g")
    twin = over(alice, now, "backprop-digits", group="g")
    html = page(client, f"/runs/{run.pk}")
    assert f"Run {twin.pk} beside it was trained on other data of the same name." in html
    assert "backprop twin" not in html
    assert "A copy or a control would train on other data: npz:own had 4 classes and 80 images" in html
    like = over(alice, before, "backprop-digits", group="g")
    assert like.pk in page(client, f"/runs/{run.pk}")
    assert "its backprop twin" in page(client, f"/runs/{run.pk}")


def test_a_copy_of_a_run_over_other_data_says_so(client: Client, folder: Path, alice: User) -> None:
    run = over(alice, fingerprint.of("npz:own"))
    assert "saw other data" not in page(client, f"{NEW}?from={run.pk}")
    (folder / "own.npz").write_bytes(npz(classes=5))
    assert "The run that this begins from saw other data, and does not compare" in page(client, f"{NEW}?from={run.pk}")


def test_a_control_over_other_data_is_refused(client: Client, folder: Path, alice: User) -> None:
    run = over(alice, fingerprint.of("npz:own"))
    (folder / "own.npz").write_bytes(npz(classes=5))
    answer = client.post(f"/runs/{run.pk}/act/controls", {"against": "backprop"}, follow=True)
    assert "a control beside this run would train on other data" in unescape(answer.content.decode())
    assert Run.objects.count() == 1
    (folder / "own.npz").write_bytes(npz())
    client.post(f"/runs/{run.pk}/act/controls", {"against": "backprop"})
    assert Run.objects.count() == 2


def test_what_can_be_controlled_needs_data(folder: Path) -> None:
    config = parse(compose("ff-digits", changes={"data.name": "npz:own"}))
    (folder / "own.npz").unlink()
    with pytest.raises(ConfigError, match=r"no own\.npz"):
        controls.control(config, "backprop")
