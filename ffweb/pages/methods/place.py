"""Where a preset lies on the axes: what differs from the default, in the form's own words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from ffweb.pages import form_words
from ffweb.pages.form_schema import Branch, Choice, Leaf, Node, form_tree
from ffweb.pages.form_values import value_at
from trainer import config as trainer_config

AXES = (
    "architecture",
    "label_code",
    "competitors",
    "goodness",
    "objective",
    "normalisation",
    "scope",
    "schedule",
    "readout",
)
UNTOLD = ("epochs", "batch_size", "hidden")  # how long and how wide, not how


@cache
def place(preset: str) -> list[tuple[str, str]]:
    """(axis, value) for each axis on which `preset` is not at the default."""
    return _differences(trainer_config.compose(preset), trainer_config.defaults())


def _differences(config: Mapping[str, Any], defaults: Mapping[str, Any]) -> list[tuple[str, str]]:
    nodes = {node.path: node for node in form_tree()}
    axes = (part for name in AXES if name in nodes for part in _parts(nodes[name]))
    found = ((axis.title, _said(axis, config, defaults)) for axis in axes)
    return [(title, words) for title, words in found if words]


def _parts(node: Node) -> Iterator[Node]:
    """Of an axis with slots, such as normalisation, each slot."""
    yield from node.children if isinstance(node, Branch) else (node,)


def _said(node: Node, config: Mapping[str, Any], defaults: Mapping[str, Any]) -> str:
    """A chosen kind with what of its fields is not as that kind has it; nothing if it is the default."""
    now, usual = value_at(config, node.path), value_at(defaults, node.path)
    if now == usual:
        return ""
    if not isinstance(node, Choice):
        return form_words.said(node.path, now) if isinstance(node, Leaf) else ""
    kind = node.kind(now["kind"]) if isinstance(now, Mapping) else None
    if kind is None:
        return ""
    fields = [_field(leaf, now) for leaf in kind.children if isinstance(leaf, Leaf)]
    own = ", ".join(words for words in fields if words)
    title = kind.title if kind.tag != value_at(usual, "kind") or own else ""
    return f"{title} ({own})" if own and title else title


def _field(leaf: Leaf, value: Mapping[str, Any]) -> str:
    """`θ 2`, `allow the true label`; nothing where it is as the kind has it."""
    name = leaf.path.rsplit(".", 1)[-1]
    now = value.get(name, leaf.default)
    if now == leaf.default or name in UNTOLD:
        return ""
    if now is True:
        return form_words.inside(leaf.title)
    return f"{form_words.inside(leaf.title)} {form_words.inside(form_words.said_in(leaf, now))}"
