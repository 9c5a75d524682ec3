"""What the form says in words: a recipe line for each group, values for readers, a name for a run that has none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from math import prod
from typing import Any

from ffweb.pages import form_spans
from ffweb.pages.form_schema import Choice, Leaf, Node, form_tree, walk
from ffweb.pages.form_values import to_text, value_at
from trainer.data.catalogue import DataInfo

Config = Mapping[str, Any]
MAX_NAMED_CHANGES = 3


@cache
def titles() -> dict[str, Node]:
    """Every field by its path. Kinds of one axis may share a name; they then share its meaning too."""
    return {node.path: node for node in walk(form_tree())}


def label(path: str) -> str:
    """How readers call a dotted path; `objective.kind` is the axis itself."""
    node = titles().get(path.removesuffix(".kind"))
    return node.title if node else path


def said(path: str, value: object) -> str:
    """A value as a reader writes it: the title of a kind or an option, a number with its groups, what null means."""
    node = titles().get(path.removesuffix(".kind"))
    if isinstance(node, Choice) and isinstance(value, str):
        kind = node.kind(value)
        return kind.title if kind else value
    if isinstance(node, Leaf):
        return said_in(node, value)
    return to_text(value)


def said_in(leaf: Leaf, value: object) -> str:
    """`said` for a field that is at hand."""
    if value is None:
        return leaf.empty or "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list):
        return "; ".join(form_spans.said(value)) or "none" if leaf.path == form_spans.PATH else _series(value)
    return next((option.title for option in leaf.options if option.value == value), to_text(value))


def _series(values: list[Any]) -> str:
    """500, 500; many equal ones as 10 × 500."""
    if len(values) > 3 and all(value == values[0] for value in values):
        return f"{len(values)} × {to_text(values[0])}"
    return to_text(values) or "none"


def auto_name(title: str, changes: Mapping[str, Any]) -> str:
    """The name of a run that was given none: where it started and the first things that were changed."""
    own = [f"{_short(path)} {inside(said(path, value)).replace(', ', '-')}" for path, value in changes.items()]
    more = [f"{len(own) - MAX_NAMED_CHANGES} more"] if len(own) > MAX_NAMED_CHANGES else []
    return ", ".join([title, *own[:MAX_NAMED_CHANGES], *more])[:200]


def _short(path: str) -> str:
    """θ rather than "Threshold θ"."""
    last = label(path).rsplit(" ", 1)[-1]
    return last if len(last) == 1 else inside(label(path))


def inside(text: str) -> str:
    """A title as it stands inside a sentence: names with more capitals keep them (ReLU, SGD, SymBa)."""
    first = text.split(" ", maxsplit=1)[0]
    return text[:1].lower() + text[1:] if first[1:] == first[1:].lower() else text


# ── the recipe lines ──────────────────────────────────────────────────────────────────────────────────────────────
def summary(group: str, config: Config, info: DataInfo | None) -> str:
    """The sentence in a group's head, from which a closed form reads as a recipe."""
    return _SUMMARIES[group](config, info) if group in _SUMMARIES else ""


def _kind(config: Config, path: str) -> str:
    """The title of the chosen kind as it stands inside a sentence."""
    tag = value_at(config, f"{path}.kind")
    return inside(said(f"{path}.kind", tag)) if tag else ""


def _joined(parts: Iterable[str]) -> str:
    return ", ".join(part for part in parts if part)


def _data(config: Config, info: DataInfo | None) -> str:
    title = info.title if info else str(value_at(config, "data.name", ""))
    size = value_at(config, "data.train_size")
    every = info.train if info else None
    noun = "windows" if info and info.kind == "text" else "images"
    images = f"{to_text(size)} of {every:,} {noun}" if size and every else f"{every:,} {noun}" if every else ""
    return _joined([title, images])


def _network(config: Config, info: DataInfo | None) -> str:
    return _joined([_net(config, info), said("activation.kind", value_at(config, "activation.kind", ""))])


def _net(config: Config, info: DataInfo | None) -> str:
    """The architecture and its list of layers, where it has one: its first field that is a list or a chain."""
    tag = value_at(config, "architecture.kind", "")
    choice = titles().get("architecture")
    kind = choice.kind(tag) if isinstance(choice, Choice) else None
    layers = next((node for node in kind.children if isinstance(node, Leaf) and is_chain(node)), None) if kind else None
    value = value_at(config, layers.path) if layers else None
    if not value:
        return kind.title if kind else ""
    pixels = str(prod(info.shape)) if info else ""
    net = " → ".join(
        [*([pixels] if pixels else []), *(_series(value) if isinstance(value, list) else value).split(", ")]
    )
    return f"{kind.title if kind else ''} {net}"


def is_chain(leaf: Leaf) -> bool:
    """Whether a field lists the layers of a net, from the input up: widths, or texts such as 32p."""
    return leaf.path.startswith("architecture.") and (leaf.widget == "list" or leaf.unit == "channels")


def _label(config: Config, info: DataInfo | None) -> str:
    code = value_at(config, "label_code.kind")
    return _joined(
        [
            "no label in the input" if code == "none" else f"label: {_kind(config, 'label_code')}",
            _kind(config, "competitors"),
        ]
    )


def _goodness(config: Config, info: DataInfo | None) -> str:
    return _joined([_activity(config), _objective(config)])


def _activity(config: Config) -> str:
    if value_at(config, "goodness.kind") != "activity":
        return _kind(config, "goodness")
    reduce = str(value_at(config, "goodness.reduce", ""))
    power = value_at(config, "goodness.power", 2)
    return f"{reduce} of {'squares' if power == 2 else 'activities'}"


def _objective(config: Config) -> str:
    """The objective with the one number that makes it: threshold θ = 1.0, swish-SymBa α = 6.0."""
    for name, sign in (("theta", "θ"), ("alpha", "α"), ("margin", "margin")):
        value = value_at(config, f"objective.{name}")
        if value is not None:
            return f"{_kind(config, 'objective')} {sign} = {to_text(value)}"
    return _kind(config, "objective")


def _normalisation(config: Config, info: DataInfo | None) -> str:
    slots = (("input", "of the input"), ("before", "before goodness"), ("handover", "at the hand-over"))
    return _joined(
        f"{_kind(config, f'normalisation.{slot}')} {where}"
        for slot, where in slots
        if value_at(config, f"normalisation.{slot}")
    )


def _training(config: Config, info: DataInfo | None) -> str:
    epochs = value_at(config, "schedule.epochs")
    rate = value_at(config, "optimiser.lr")
    return _joined(
        [
            _kind(config, "schedule"),
            f"{epochs:,} epoch{'s' if epochs != 1 else ''}" if epochs else "",
            f"{said('optimiser.kind', value_at(config, 'optimiser.kind', ''))} {to_text(rate)}".strip(),
            *map(inside, form_spans.said(value_at(config, form_spans.PATH))),
        ]
    )


def _readout(config: Config, info: DataInfo | None) -> str:
    return _kind(config, "readout")


def _meters(config: Config, info: DataInfo | None) -> str:
    steps = value_at(config, "metrics.every_steps")
    device = str(value_at(config, "device", ""))
    return _joined(
        [f"every {steps:,} steps" if steps and steps > 1 else "every step", f"device {device}" if device else ""]
    )


_SUMMARIES: dict[str, Callable[[Config, DataInfo | None], str]] = {
    "data": _data,
    "network": _network,
    "label": _label,
    "goodness": _goodness,
    "normalisation": _normalisation,
    "training": _training,
    "readout": _readout,
    "meters": _meters,
}
