"""Every field of a config is part of the result or named in `identity`, and all who put runs side by side agree."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from pydantic import Field

from tests.trainer import tiny
from tests.trainer.test_fields import ALL, Leaf, beside, name, others
from trainer import identity, merging, resuming
from trainer.config import RunConfig, parse
from trainer.errors import ConfigError
from trainer.presets.fingerprint import fingerprint
from trainer.reproduce.folders import state
from trainer.reproduce.plan import effective
from trainer.rundir import RunDir, write_json

LISTS = {key: value for key, value in vars(identity).items() if key.isupper()}
FIELDS = [leaf for leaf in ALL if leaf.path not in identity.WRITTEN and leaf.path.rpartition(".")[2] != "kind"]
AXES = {leaf.path for leaf in ALL} - {leaf.path for leaf in FIELDS} - set(identity.WRITTEN)


@cache
def _dumped(stand: str) -> dict[str, Any]:
    return tiny.config(next(beside(leaf) for leaf in ALL if repr(beside(leaf)) == stand)).model_dump(mode="json")


def pair(leaf: Leaf) -> tuple[RunConfig, RunConfig]:
    """Two configs that differ in this field alone; what does not go together is not asked."""
    stored = _dumped(repr(beside(leaf)))
    now: Any = stored
    for key in leaf.path.split("."):
        now = now[key]
    other = "another" if leaf.path == "name" else others(leaf, now)[0]
    return parse(stored), RunConfig.model_validate(merging.change(stored, {leaf.path: other}))


def refused(ask: Any, *args: Any) -> str:
    try:
        ask(*args)
    except ConfigError as error:
        return error.reason
    return ""


def test_what_is_named_is_there():
    known = {leaf.path for leaf in ALL}
    named = [path for paths in LISTS.values() for path in paths]
    assert len(LISTS) == 8
    assert [path for path in named if not any(leaf == path or leaf.startswith(f"{path}.") for leaf in known)] == []


def test_a_field_that_is_added_is_part_of_the_result():
    class Later(RunConfig):
        added: int = 1

    class Measured(RunConfig):
        class Evaluate(RunConfig.model_fields["evaluate"].annotation):  # type: ignore[name-defined, misc]
            added: int = 1

        evaluate: Evaluate = Field(Evaluate())

    for before, now in ((Later(), Later(added=2)), (Measured(), Measured(evaluate={"added": 2}))):
        assert not identity.same(before, now)
        assert fingerprint(before) != fingerprint(now)


@pytest.mark.parametrize("leaf", FIELDS, ids=name)
def test_all_who_ask_agree(leaf, tmp_path, monkeypatch):
    before, now = pair(leaf)
    figures = identity.free(leaf.path, identity.FIGURES)
    assert identity.same(before, now) == figures
    assert (fingerprint(before) == fingerprint(now)) == (figures or leaf.path in identity.DRAWN)
    if leaf.path not in identity.DRAWN:
        assert (effective({leaf.path: 1}) == {}) == figures
    folder = RunDir(tmp_path).create()
    write_json(folder.config, before.model_dump(mode="json"))
    assert ("another config" in refused(state, folder.path, now)) == (not figures)

    stored = {"config": resuming.bound(before)}
    goes_on = refused(resuming.check_same, now, folder, stored) == ""
    assert goes_on == (refused(resuming.check_same, now, folder, None) == "")
    assert goes_on == identity.free(leaf.path, identity.RESUMED)
    monkeypatch.setattr(resuming.checkpoint, "load", lambda folder: stored)
    begins = "not as in" not in refused(resuming.begun, now, folder)
    assert begins == identity.free(leaf.path, identity.BEGUN)


def test_another_kind_on_any_axis_is_another_run():
    assert [path for path in AXES if any(identity.free(path, paths) for paths in LISTS.values())] == []
    assert not identity.same(tiny.config(), tiny.config({"objective.kind": "symba"}))
    assert not identity.same(tiny.config(), tiny.config({"layers": [{"span": "1", "frozen": True}]}))


def test_nested_and_dotted_changes_are_read_alike():
    nested = {"evaluate": {"every_epochs": 2, "precision": "bfloat16"}, "metrics": {"every_steps": 3}}
    dotted = {"evaluate.every_epochs": 2, "evaluate.precision": "bfloat16", "metrics.every_steps": 3}
    assert effective(nested) == {"evaluate": {"precision": "bfloat16"}}
    assert effective(dotted) == {"evaluate.precision": "bfloat16"}
