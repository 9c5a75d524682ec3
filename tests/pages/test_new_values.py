"""Texts of the form and values of a config: every config goes through the form and comes back the same."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from samples import SAMPLES

from ffweb.pages.form_command import commands
from ffweb.pages.form_draft import blank_form, judge, start_from_preset
from ffweb.pages.form_schema import Branch, Choice, Leaf, Node, form_tree, tree, walk
from ffweb.pages.form_values import Unreadable, diff, from_form, from_text, to_form, to_text
from trainer import config as trainer_config
from trainer.cli import _composed, _parser
from trainer.presets import PRESETS

FLOATS = st.floats(allow_nan=False, allow_infinity=False)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "integer": st.integers(-(10**9), 10**9),
    "number": FLOATS,
    "switch": st.booleans(),
    "list": st.lists(st.integers(1, 10**6), min_size=1, max_size=6),
    "json": st.lists(st.fixed_dictionaries({"span": st.just("2-"), "frozen": st.booleans()}), max_size=2),
    "text": st.sampled_from(["digits", "mnist", "npz:my set", "cuda:1"]),
    "mixed": st.one_of(FLOATS, st.just("max")),
}


def preset_config(name: str) -> dict[str, Any]:
    return trainer_config.parse(trainer_config.compose(name)).model_dump(mode="json")


def leaf_values(leaf: Leaf) -> st.SearchStrategy[Any]:
    known = st.sampled_from([option.value for option in leaf.options]) if leaf.options else VALUES[leaf.widget]
    if leaf.widget == "list" and leaf.items == "number":
        known = st.lists(FLOATS, min_size=1, max_size=6)
    return st.one_of(st.none(), known) if leaf.nullable else known


@st.composite
def configs(draw: st.DrawFn, nodes: tuple[Node, ...]) -> dict[str, Any]:
    """Any config of the schema's shape, in bounds or not: the form has no opinion of its own."""
    config: dict[str, Any] = {}
    for node in nodes:
        name = node.path.rsplit(".", 1)[-1]
        match node:
            case Leaf():
                config[name] = draw(leaf_values(node))
            case Branch():
                config[name] = draw(configs(node.children))
            case Choice():
                kind = draw(st.sampled_from(node.kinds))
                config[name] = {"kind": kind.tag, **draw(configs(kind.children))}
    return config


ANY_CONFIG = configs(form_tree())
BRIEFLY = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@BRIEFLY
@given(ANY_CONFIG, ANY_CONFIG)
def test_a_config_through_the_form_is_the_same_config(config: dict[str, Any], base: dict[str, Any]) -> None:
    form = to_form(form_tree(), config)
    read = from_form(form_tree(), form, base)
    assert read.problems == []
    assert read.config == config
    assert to_form(form_tree(), read.config) == form


@BRIEFLY
@given(ANY_CONFIG, ANY_CONFIG)
def test_the_changes_between_two_configs_lead_from_one_to_the_other(a: dict[str, Any], b: dict[str, Any]) -> None:
    changed = trainer_config.compose(config={"version": 1, **a}, changes=diff(form_tree(), a, b))
    seen = from_form(form_tree(), {}, changed).config  # what compose leaves to defaults, with those defaults
    assert {name: seen[name] for name in b} == b


@pytest.mark.django_db
@pytest.mark.parametrize("name", SAMPLES)
def test_an_untouched_form_means_its_preset(name: str) -> None:
    start = start_from_preset(name)
    draft = judge(start, blank_form(start))
    assert draft.problems == []
    assert draft.changes == {}
    whole = trainer_config.parse(draft.config).model_dump(mode="json")
    assert {**whole, "name": ""} == {**preset_config(name), "name": ""}


def test_every_setting_of_the_schema_has_a_field_with_help() -> None:
    schema = trainer_config.schema()
    assert {node.path for node in form_tree()} | {"version", "name", "seed"} == set(schema["properties"])
    leaves = [node for node in walk(form_tree()) if isinstance(node, Leaf)]
    assert len(leaves) > 40
    assert [leaf.path for leaf in leaves if not leaf.words.text or not leaf.title] == []


# ── texts ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def field(path: str) -> Leaf:
    return next(node for node in walk(form_tree()) if node.path == path and isinstance(node, Leaf))


@pytest.mark.parametrize(
    ("path", "text", "value"),
    [
        ("objective.theta", "1.5", 1.5),
        ("objective.theta", " −1.5 ", -1.5),
        ("optimiser.lr", "1e-3", 0.001),
        ("optimiser.lr", ".5", 0.5),
        ("data.train_size", "20,000", 20_000),
        ("data.train_size", "20 000", 20_000),
        ("data.train_size", "2e4", 20_000),
        ("data.train_size", "", None),
        ("architecture.hidden", "500, 500", [500, 500]),
        ("architecture.hidden", "784 → 30", [784, 30]),
        ("label_code.strength", "max", "max"),
        ("label_code.strength", "2", 2.0),
        ("layers", "", []),
        ("goodness.sign", "-1", -1),
    ],
)
def test_what_people_type_is_read(path: str, text: str, value: Any) -> None:
    assert from_text(field(path), text) == value


@pytest.mark.parametrize(
    ("path", "text", "says", "better"),
    [
        ("objective.theta", "1,5", "comma", "1.5"),
        ("objective.theta", "1,000", "comma", "1.000"),
        ("objective.theta", "", "Write a number", ""),
        ("objective.theta", "abc", "no number", ""),
        ("objective.theta", "nan", "finite", ""),
        ("objective.theta", "1_0", "no number", ""),
        ("schedule.epochs", "2.5", "whole number", "2"),
        ("schedule.epochs", "", "whole number", ""),
        ("architecture.hidden", "500, many", "no number", ""),
        ("label_code.strength", "strong", "a number or “max”", ""),
        ("data.standardise", "twice", "Choose none or dataset", ""),
        ("layers", "{", "no JSON", ""),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_would_work(path: str, text: str, says: str, better: str) -> None:
    with pytest.raises(Unreadable, match=says) as refused:
        from_text(field(path), text)
    assert refused.value.better == better


@pytest.mark.parametrize(
    ("value", "text"),
    [(60_000, "60,000"), (0.001, "1e-3"), (0.0035, "3.5e-3"), (2.0, "2.0"), (None, ""), ([500, 2000], "500, 2000")],
)
def test_values_stand_in_the_form_as_one_would_type_them(value: object, text: str) -> None:
    assert to_text(value) == text


def muted(spec: Any) -> Any:
    """A schema in which every help is one word."""
    if isinstance(spec, list):
        return [muted(each) for each in spec]
    if not isinstance(spec, dict):
        return spec
    return {key: "no" if key == "description" and isinstance(each, str) else muted(each) for key, each in spec.items()}


def worded(node: Node) -> Iterator[tuple[str, str, str]]:
    """Where a node and its kinds have a formula, a source or a word for nothing, and that."""
    each = [(node.path, node.words), *((f"{node.path}={k.tag}", k.words) for k in getattr(node, "kinds", ()))]
    for path, said in each:
        yield from ((path, key, getattr(said, key)) for key in ("formula", "source") if getattr(said, key))
    if isinstance(node, Leaf) and node.empty:
        yield node.path, "empty", node.empty


def test_formula_source_and_what_empty_means_are_told_by_the_schema_not_read_out_of_a_help() -> None:
    found = [told for node in walk(form_tree()) for told in worded(node)]
    assert [told for node in walk(tree(muted(trainer_config.schema()))) for told in worded(node)] == found
    assert ("objective=symba", "formula", "softplus(−α·(g⁺ − g⁻))") in found
    assert ("optimiser=adam", "source", "Kingma & Ba 2015") in found
    assert ("schedule.batch_size", "empty", "the whole training set in one step") in found


def test_a_help_names_no_source_and_says_of_empty_what_the_schema_tells() -> None:
    assert "Source:" not in json.dumps(trainer_config.schema())
    for node in walk(form_tree()):
        if isinstance(node, Leaf):
            assert f"mpty: {node.empty}" in node.words.text if node.empty else "mpty:" not in node.words.text, node.path


# ── the command ───────────────────────────────────────────────────────────────────────────────────────────────────
def composed(line: str) -> Mapping[str, Any]:
    """What `python -m trainer run …` would train, by its own parser."""
    program, *arguments = shlex.split(line)[2:]
    assert program == "trainer"
    return _composed(_parser().parse_args(arguments)).model_dump(mode="json")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("preset", "form"),
    [
        ("ff-digits", {}),
        ("ff-digits", {"objective.kind": "threshold", "objective.theta": "1.5", "data.name": "digits"}),
        ("ff-digits", {"architecture.hidden": "30, 20, 10", "schedule.batch_size": "", "label_code.strength": "max"}),
        ("backprop-digits", {"goodness.bias": "false", "device": "cpu", "threads": "1"}),
        ("ff-pezeshki-mnist", {"layers": '[{"span": "2-", "frozen": true}]', "name": "it's 5 o'clock"}),
    ],
)
def test_the_printed_command_trains_the_config_of_the_form(preset: str, form: dict[str, str]) -> None:
    draft = judge(start_from_preset(preset), {**form, "seeds": "0, 7"})
    assert draft.problems == []
    named = {"name": form["name"]} if "name" in form else {}
    lines = commands(preset, draft.config, draft.seeds, "x", named)
    for line, seed in zip(lines, (0, 7), strict=True):
        changed = {"seed": seed} | ({} if named else {"name": PRESETS[preset].config["name"]})
        assert composed(line) == trainer_config.parse({**draft.config, **changed}).model_dump(mode="json")


def test_a_command_without_a_preset_sets_something() -> None:
    line = commands(None, trainer_config.defaults(), [0], "x", {})[0]
    assert composed(line) == trainer_config.defaults()
