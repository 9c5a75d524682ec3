"""The one config: composing, refusing with a sentence, the schema that form and API are made from, twins."""

from __future__ import annotations

import json

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.config import RunConfig, compose, defaults, parse, schema
from trainer.errors import ConfigError
from trainer.merging import merge
from trainer.presets import PRESETS

AXES = {
    "init": ["normal", "torch_default"],
    "label_code": ["none", "overlay", "concat"],
    "competitors": ["wrong_label", "hard_wrong_label", "classes"],
    "goodness": ["activity", "projection"],
    "objective": ["threshold", "symba", "swish_symba", "cross_entropy"],
    "normalisation.input": ["none", "unit_l2", "rms"],
    "normalisation.before": ["none", "unit_l2", "rms"],
    "normalisation.handover": ["none", "unit_l2", "rms"],
    "scope": ["layer", "whole"],
    "schedule": ["greedy", "joint"],
    "optimiser": ["adam", "sgd"],
    "precision": ["float32", "bfloat16"],
    "readout": ["candidates", "sum", "last"],
}
kinds = st.fixed_dictionaries({f"{axis}.kind": st.sampled_from(values) for axis, values in AXES.items()})


def refused(config=None, **changes):
    with pytest.raises(ConfigError) as caught:
        parse(compose(None, config, changes))
    return {error["loc"]: error["msg"] for error in caught.value.errors}


def problems(config) -> list:
    """What `parse` has against a config."""
    try:
        parse(config)
    except ConfigError as error:
        return error.errors
    return []


@given(kinds)
def test_any_choice_of_kinds_is_a_config_or_a_sentence_for_a_field(chosen):
    stored = compose(None, None, chosen)
    found = problems(stored)
    assert all(problem["loc"].split(".")[0] in stored and len(problem["msg"]) > 20 for problem in found)
    if not found:
        config = parse(stored)
        assert parse(config.model_dump(mode="json")) == config
        assert parse(config.twin().model_dump(mode="json")) == config.twin()


KEYS = st.sampled_from(["kind", "objective", "layers", "normalisation", "input", "hidden", "lr", "span"])
PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3)
BODY = st.recursive(PLAIN, lambda b: st.lists(b, max_size=3) | st.dictionaries(KEYS, b, max_size=3), max_leaves=8)


@given(BODY)
def test_any_body_at_all_is_a_config_or_named_problems(body):
    config = body if isinstance(body, dict) else {"objective": body, "architecture": {"hidden": body}, "layers": body}
    assert all(problem["loc"] and problem["msg"] and problem["type"] for problem in problems(config))


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_a_config_with_a_twin_that_the_schema_allows(name):
    config = parse(compose(name))
    for stored in (config, config.twin()):
        jsonschema.validate(stored.model_dump(mode="json"), schema())
    assert PRESETS[name].source
    assert config.name != RunConfig().name or name == "ff-digits"


def test_the_defaults_are_the_first_preset_with_wider_layers():
    assert compose("ff-digits") == merge(defaults(), {"architecture": {"hidden": [30, 30]}})


def test_a_new_kind_drops_the_old_values_fields_and_kinds_apply_first():
    changed = compose("ff-digits", None, {"objective.theta": 1.5, "objective.kind": "threshold"})
    assert changed["objective"] == {"kind": "threshold", "theta": 1.5}
    assert parse(changed).objective.kind == "threshold"
    same = compose("ff-fast-mnist", {"objective": {"kind": "swish_symba"}})
    assert same["objective"]["alpha"] == 3.0
    nested = compose(None, None, {"optimiser.curve.begin": 0.5, "optimiser.curve.kind": "linear"})
    assert parse(nested).optimiser.curve.model_dump() == {"kind": "linear", "warmup": 0.0, "begin": 0.5, "end": 0.0}


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"objective.thet": 1}, "objective.thet", "alpha"),
        ({"objective.kind": "thresold"}, "objective.kind", "threshold"),
        ({"data.nme": "x"}, "data.nme", "did you mean name?"),
        ({"architecture.hidden": [10, 0]}, "architecture.hidden.1", "at least 1"),
        ({"architecture.hidden": []}, "architecture.hidden", "at least 1"),
        ({"optimiser.lr": float("nan")}, "optimiser.lr", "finite"),
        ({"label_code.strength": "maximum"}, "label_code.strength", "'max'"),
        ({"label_code.kind": "none"}, "label_code.kind", "nothing competes"),
        ({"competitors.kind": "classes"}, "goodness.kind", "projection"),
        ({"goodness.kind": "projection"}, "competitors.kind", "classes"),
        ({"readout.kind": "last"}, "readout.kind", "candidates"),
        ({"readout.layers": "skip_first", "architecture.hidden": [9]}, "readout.layers", "one layer only"),
        ({"scope.kind": "whole"}, "readout.layers", "scope.losses"),
        ({"scope": {"kind": "whole", "losses": "all"}, "schedule.kind": "greedy"}, "schedule.kind", "joint"),
        ({"normalisation.before.kind": "rms"}, "normalisation.before.kind", "goodness.power"),
        ({"layers": [{"span": "2-5", "frozen": True}]}, "layers.0.span", "layers 1 to 2"),
        ({"layers": [{"span": "first"}]}, "layers.0.span", "such as 2, 2-4 or 3-"),
        ({"version": 7}, "version", "update"),
    ],
)
def test_what_cannot_be_run_is_refused_with_what_would_work(changes, field, words):
    assert words in refused(**changes)[field]


def test_class_rows_refuse_what_makes_no_sense_of_them():
    mono = PRESETS["mono-forward-digits"].config
    assert "stays zero" in refused(mono, **{"goodness.trained": False, "goodness.bias": True})["goodness.bias"]
    assert "set normal" in refused(mono, **{"goodness.trained": False})["goodness.start"]
    assert "out of the input" in refused(mono, **{"label_code.kind": "overlay"})["label_code.kind"]
    both = refused(mono, **{"scope.kind": "whole"})
    assert "scope.losses" in both["readout.kind"]


def test_every_field_has_title_help_default_and_a_place_in_the_form():
    document = schema()
    groups = {"data", "network", "label", "goodness", "normalisation", "training", "readout", "meters"}
    for name, entry in document["properties"].items():
        assert entry["description"], name
        assert "default" in entry, name
        assert entry.get("group") in groups or name == "version", name
    for definition in document["$defs"].values():
        assert definition["title"]
        assert definition["description"]
        for key, entry in definition["properties"].items():
            assert key == "kind" or entry["description"], (definition["title"], key)
            assert "default" in entry or key == "span", (definition["title"], key)
    assert document["$defs"]["Threshold"]["properties"]["theta"]["default"] == 2.0
    json.dumps(document)


def test_a_twin_is_the_same_net_on_the_same_images_trained_whole():
    greedy = parse(compose("ff-digits", None, {"schedule": {"kind": "greedy", "epochs": 7}, "seed": 5}))
    twin = greedy.twin()
    for same in ("data", "architecture", "activation", "init", "seed", "precision", "device"):
        assert getattr(twin, same) == getattr(greedy, same)
    assert (twin.schedule.kind, twin.schedule.epochs, twin.schedule.batch_size) == ("joint", 14, 64)
    assert (twin.scope.kind, twin.readout.kind, twin.optimiser.lr) == ("whole", "last", 0.001)
    assert twin.normalisation.handover.kind == "none"
    assert twin.twin().model_copy(update={"name": twin.name}) == twin


def test_overrides_hold_for_their_layers_and_the_last_one_wins():
    layers = [{"span": "1-", "objective": {"kind": "symba"}}, {"span": "2", "objective": {"kind": "threshold"}}]
    config = parse({"layers": layers, "architecture": {"hidden": [5, 5, 5]}})
    assert [config.at(layer).objective.kind for layer in (1, 2, 3)] == ["symba", "threshold", "symba"]
