"""Which values go with the rest, and what one click would make right: always what the schema itself says."""

from __future__ import annotations

from typing import Any

import pytest
from samples import NETS, SAMPLES

from ffweb.pages import form_fits
from ffweb.pages.form_draft import judge, start_from_preset
from ffweb.pages.form_schema import form_tree
from ffweb.pages.form_values import diff
from trainer import config as trainer_config
from trainer.config import RunConfig
from trainer.errors import ConfigError


def preset_config(name: str, **changes: Any) -> dict[str, Any]:
    return trainer_config.compose(name, None, {path.replace("__", "."): value for path, value in changes.items()})


def checked(config: dict[str, Any]) -> RunConfig:
    """A config whose fields are right; what does not go together is not asked."""
    return RunConfig.model_validate(config)


def refused(config: dict[str, Any]) -> bool:
    try:
        trainer_config.parse(config)
    except ConfigError:
        return True
    return False


@pytest.mark.parametrize("name", SAMPLES)
def test_what_is_offered_can_be_chosen_and_what_is_not_cannot(name: str) -> None:
    config = preset_config(name)
    misfits = form_fits.misfits(checked(config))
    for choice, tag in form_fits.chosen_choices(config):
        for kind in choice.kinds:
            chosen = trainer_config.compose(config=config, changes={f"{choice.path}.kind": kind.tag})
            assert refused(chosen) == (kind.tag in misfits.get(choice.path, {})), (choice.path, kind.tag)
        assert tag not in misfits.get(choice.path, {})


@pytest.mark.parametrize("name", SAMPLES)
def test_every_way_that_is_offered_can_be_run(name: str) -> None:
    config = preset_config(name)
    for path, kinds in form_fits.misfits(checked(config)).items():
        for tag, misfit in kinds.items():
            assert misfit.reason
            if misfit.fix:
                assert misfit.fix[f"{path}.kind"] == tag
                assert not refused(trainer_config.compose(config=config, changes=misfit.fix))


def test_from_ff_one_click_leads_to_mono_forward_and_to_backprop() -> None:
    misfits = form_fits.misfits(checked(preset_config("ff-digits")))
    assert misfits["competitors"]["classes"].fix["goodness.kind"] == "projection"
    assert misfits["scope"]["whole"].fix["readout.kind"] == "last"


@pytest.mark.django_db
def test_a_wrong_number_elsewhere_neither_hides_nor_takes_choices() -> None:
    start = start_from_preset("ff-digits")
    assert judge(start, {"optimiser.lr": "-1"}).misfits == judge(start, {}).misfits != {}


@pytest.mark.django_db
@pytest.mark.parametrize("name", NETS)
def test_needs_are_estimated_even_for_what_does_not_go_together(name: str) -> None:
    start = start_from_preset(name)
    counted = 0
    for path, kinds in judge(start, {}).misfits.items():
        draft = judge(start, {f"{path}.kind": next(iter(kinds))})
        assert draft.problems != []
        counted += draft.estimate is not None
    assert counted > 1


@pytest.mark.parametrize("name", NETS)
def test_kinds_are_tried_without_parsing_a_config_for_each(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    config = checked(preset_config(name))
    found = form_fits.misfits(config)

    def never(*args: Any, **options: Any) -> None:
        pytest.fail("a config was parsed: for every kind that takes seconds")

    for name in ("parse", "compose"):
        monkeypatch.setattr(trainer_config, name, never)
    assert form_fits.misfits(config) == found


def test_repairs_are_those_the_sentence_names() -> None:
    config = preset_config("ff-digits", label_code__kind="none")
    problem = next(p for p in form_fits.problems_of(config) if p["loc"] == "label_code.kind")
    offered = form_fits.repairs(checked(config), None, problem)
    assert {"label_code.kind": "overlay"} in offered
    assert {"label_code.kind": "concat"} in offered
    for changes in offered:
        assert not refused(trainer_config.compose(config=config, changes=changes))


def test_a_wrong_number_is_not_repaired_by_another_kind() -> None:
    (problem,) = form_fits.problems_of(preset_config("ff-digits", schedule__epochs=0))
    assert form_fits.repairs(checked(preset_config("ff-digits")), None, problem) == []


def test_kinds_are_swapped_as_compose_does_it() -> None:
    config = preset_config("ff-digits")
    kinds = {"optimiser.kind": "sgd", "optimiser.curve.kind": "linear", "normalisation.input.kind": "none"}
    ours = form_fits.with_changes(checked(config), kinds).model_dump(mode="json")
    theirs = trainer_config.parse(trainer_config.compose(config=config, changes=kinds)).model_dump(mode="json")
    assert diff(form_tree(), theirs, ours) == {}
