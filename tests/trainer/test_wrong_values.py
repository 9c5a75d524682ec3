"""Whatever is wrong with a value is said in words that tell what would work: every field, values of every type."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Annotated, Any, get_args

import pytest
from pydantic import BaseModel

from trainer.cli import main
from trainer.config import RunConfig, compose, parse
from trainer.errors import ConfigError, Problem
from trainer.problems import MOST

WRONG: list[Any] = [
    "gpu", "", "x" * 3000, 7, -1, 0, 1.5, 1e99, float("nan"), 2**70, True, None, [], ["x"], [1, 2, 3], [[1]], [True],
    {}, {"kind": "nope"}, {"a": 1}, "a\0b", "\ud800",
]  # fmt: skip
JARGON = re.compile(
    r"valid|tuple|input|string|regex|match|\^|unable|\btag|literal|discriminator|value error|required|instance|parse|"
    r"pattern|None|True|False|dict|\bint\b|float|\bbool|union|Input|String|Unable|Value error",
)


def models(model: type[BaseModel], path: str, seen: frozenset[type]) -> Iterator[tuple[str, type[BaseModel]]]:
    """Every group of settings with its dotted path."""
    yield path, model
    for name, field in model.model_fields.items():
        yield from _inside(field.annotation, f"{path}.{field.alias or name}".strip("."), seen | {model})


def _inside(annotation: Any, path: str, seen: frozenset[type]) -> Iterator[tuple[str, type[BaseModel]]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if annotation not in seen:
            yield from models(annotation, path, seen)
        return
    for part in get_args(annotation):
        if part is not Annotated:
            yield from _inside(part, path, seen)


def config_with(path: str, model: type[BaseModel], key: str, value: Any) -> dict[str, Any]:
    """The config that has `value` for `key` of the group at `path`."""
    kind = model.model_fields["kind"].default if "kind" in model.model_fields else None
    inner: dict[str, Any] = {"kind": kind, key: value} if kind else {key: value}
    first, *rest = path.split(".")
    for part in reversed(rest):
        inner = {part: inner}
    if first == "layers":
        return {"layers": [{"span": "1"} | inner]}
    return {first: inner} if first else inner


def problems(config: dict[str, Any]) -> list[Problem]:
    try:
        parse(config)
    except ConfigError as error:
        return error.errors
    return []


GROUPS = list(models(RunConfig, "", frozenset()))


@pytest.mark.parametrize(("path", "model"), GROUPS, ids=[f"{path}:{model.__name__}" for path, model in GROUPS])
def test_every_field_says_what_would_work(path: str, model: type[BaseModel]) -> None:
    told = 0
    for name, field in model.model_fields.items():
        for value in WRONG:
            for problem in problems(config_with(path, model, field.alias or name, value)):
                told += 1
                if problem["type"] == "combination":  # good in itself, and refused beside the rest
                    continue
                words = problem["msg"].partition(", not ")[0]
                names = re.sub(r"'[^']*'|such as .*|there are: .*|did you mean .*|would work: .*", "", words)
                assert not JARGON.search(names), (problem, value)
                assert len(problem["msg"]) < 600, problem
    assert told or set(model.model_fields) == {"kind"}


def test_a_field_of_a_layers_own_is_named_in_full() -> None:
    (problem,) = problems({"layers": [{"span": "1", "optimiser": {"kind": "sgd", "lr": "high"}}]})
    assert problem["loc"] == "layers.0.optimiser.lr"


SAID = {
    "device=gpu": "device: must be auto, cpu, mps, cuda, or cuda:1 for one of several, not 'gpu'",
    "architecture.hidden=16": "architecture.hidden: must be a list of whole numbers, such as [500, 500], not 16",
    "seed=true": "seed: must be a number, not true",
    "seed=1.5": "seed: must be a whole number, not 1.5",
    "seed=1180591620717411303424": "seed: is a whole number of more than 64 bits: a smaller one is meant",
    "data=mnist": "data: is a group of settings: set one of them, such as data.name",
    "optimiser=adam": "optimiser: is a group of settings: set one of them, such as optimiser.kind",
    "schedule.epochs=0": "schedule.epochs: must be at least 1, not 0",
    "compile=maybe": "compile: must be true or false, not 'maybe'",
    "name=": "name: must not be empty",
    "layers=3": "layers: must be a list of groups of settings, not 3",
    "architecture.hidden=[]": "architecture.hidden: must have at least 1 item",
}


@pytest.mark.parametrize("change", SAID)
def test_the_command_says_it_in_one_line(change: str, tmp_path, capsys) -> None:
    assert main(["run", "--preset", "ff-digits", "--set", change, "--out", str(tmp_path / "x")]) == 2
    assert capsys.readouterr().err == SAID[change] + "\n"


@pytest.mark.parametrize("deep", [30, 900, 990, 3000, 100_000])
def test_what_is_nested_without_end_is_refused_by_name(deep: int, tmp_path, capsys) -> None:
    nested, file = '{"a":' * deep + "1" + "}" * deep, tmp_path / "deep.json"
    file.write_text(f'{{"data": {nested}}}')
    out = ["--out", str(tmp_path / "x")]
    for arguments in (
        ["--config", str(file)],
        ["--set", f"data={nested}"],
        ["--set", f"architecture.hidden={'[' * deep}{']' * deep}"],
        ["--set", f"{'.'.join('a' * deep)}=1"],
    ):
        assert main(["run", "--preset", "ff-digits", *arguments, *out]) == 2
        said = capsys.readouterr().err
        assert "deep" in said
        assert len(said) < 300


def test_a_number_with_more_digits_than_python_reads_is_refused(tmp_path, capsys) -> None:
    assert main(["run", "--preset", "ff-digits", "--set", f"seed={'9' * 5000}", "--out", str(tmp_path / "x")]) == 2
    assert len(capsys.readouterr().err) < 300


@pytest.mark.parametrize("name", ["a\0b", "\ud800"])
def test_a_text_that_no_database_takes_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="name"):
        parse(compose("ff-digits", None, {"name": name}))


def test_true_is_true_where_truth_is_asked_for() -> None:
    assert parse(json.loads('{"compile": true}')).compile


@pytest.mark.parametrize("items", [["64"] * 10_000, [{"span": 1}] * 5_000, [[1]] * 10_000, list("x" * 10_000)])
@pytest.mark.parametrize("path", ["layers", "architecture.hidden", "objective.terms"])
def test_a_list_of_errors_ends(path: str, items: list) -> None:
    """Each error was held against each other one, and all were said."""
    with pytest.raises(ConfigError) as error:
        parse(compose("ff-digits", None, {path: items}))
    assert 1 <= len(error.value.errors) <= MOST
    assert all(problem["loc"].startswith(path) for problem in error.value.errors)


def test_of_a_group_and_a_field_inside_it_only_the_field_is_named() -> None:
    with pytest.raises(ConfigError) as error:
        parse(compose("ff-digits", None, {"optimiser.curve": {"kind": "linear", "to": "x", "at": "y"}, "seed": "x"}))
    found = [problem["loc"] for problem in error.value.errors]
    assert not any(other.startswith(f"{loc}.") for loc in found for other in found)
