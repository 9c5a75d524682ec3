"""The config's JSON Schema as the tree that the form walks: branches, choices of a kind, and leaves one can fill in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

from trainer import config as trainer_config
from trainer import identity

Schema = Mapping[str, Any]
Widget = Literal["integer", "number", "switch", "options", "list", "mixed", "json", "text"]

GROUPS: dict[str, str] = {
    "data": "Data",
    "network": "Network",
    "label": "Label and negatives",
    "goodness": "Goodness and objective",
    "normalisation": "Normalisation",
    "training": "Schedule and optimiser",
    "readout": "Readout",
    "meters": "Meters and machine",
}
APART = (*identity.WRITTEN, *identity.CALLED, *identity.DRAWN)  # the form has its own places for these


@dataclass(frozen=True)
class Words:
    """What a value or a field does, its formula, who says so."""

    text: str = ""
    formula: str = ""
    source: str = ""


@dataclass(frozen=True)
class Option:
    """One of a few fixed values: as it is posted, as it is read, as it is stored."""

    text: str
    title: str
    value: Any


@dataclass(frozen=True)
class Leaf:
    """One value. `path` is the dotted name that the form posts; an empty text means null where `nullable`."""

    path: str
    title: str
    words: Words
    group: str
    widget: Widget
    default: Any = None
    nullable: bool = False
    options: tuple[Option, ...] = ()
    branches: tuple[Schema, ...] = ()  # of a mixed value: what its text may be, tried in order
    items: Widget = "text"  # of a list
    unit: str = ""
    empty: str = ""  # what null means, in words
    rare: bool = False  # folded away


@dataclass(frozen=True)
class Kind:
    """One value of an axis with the fields it brings."""

    tag: str
    title: str
    words: Words
    children: tuple[Node, ...]


@dataclass(frozen=True)
class Choice:
    """An axis: exactly one of its kinds. The form posts `path`.kind and the chosen kind's own fields."""

    path: str
    title: str
    words: Words
    group: str
    kinds: tuple[Kind, ...]
    default: Mapping[str, Any] = field(default_factory=dict)
    rare: bool = False

    def kind(self, tag: str) -> Kind | None:
        return next((k for k in self.kinds if k.tag == tag), None)


@dataclass(frozen=True)
class Branch:
    """A fixed group of fields, such as `data`."""

    path: str
    title: str
    words: Words
    group: str
    children: tuple[Node, ...]
    default: Mapping[str, Any] = field(default_factory=dict)


Node = Leaf | Choice | Branch


@cache
def form_tree() -> tuple[Node, ...]:
    """The whole form, in the schema's order."""
    return tree(trainer_config.schema())


def tree(schema: Schema) -> tuple[Node, ...]:
    """The top-level fields of `schema`, without those the form shows apart."""
    reader = _Reader(schema.get("$defs", {}))
    return tuple(
        reader.node(name, spec, str(reader.resolve(spec).get("group", "meters")))
        for name, spec in schema["properties"].items()
        if name not in APART
    )


def walk(nodes: tuple[Node, ...], kinds: Mapping[str, str] | None = None) -> Iterator[Node]:
    """Every node, parents first; with `kinds` {choice path: tag} only below the chosen kinds."""
    for node in nodes:
        yield node
        if isinstance(node, Branch):
            yield from walk(node.children, kinds)
        elif isinstance(node, Choice):
            for kind in node.kinds:
                if kinds is None or kinds.get(node.path) == kind.tag:
                    yield from walk(kind.children, kinds)


def _words(spec: Schema, description: str) -> Words:
    """What a spec says of itself; of a docstring's paragraphs the first."""
    text = " ".join(description.split("\n\n", maxsplit=1)[0].split())
    return Words(text, str(spec.get("formula", "")), str(spec.get("source", "")))


@dataclass(frozen=True)
class _Reader:
    """Reads the specs of one schema; `defs` are its shared definitions."""

    defs: Mapping[str, Any]

    def resolve(self, spec: Schema) -> Schema:
        """The spec with its reference followed; what stands beside the reference wins."""
        if "allOf" in spec and len(spec["allOf"]) == 1:
            return self.resolve({**spec["allOf"][0], **{k: v for k, v in spec.items() if k != "allOf"}})
        if "$ref" not in spec:
            return spec
        target = self.resolve(self.defs[spec["$ref"].rsplit("/", 1)[1]])
        return {**target, **{k: v for k, v in spec.items() if k != "$ref"}}

    def target(self, spec: Schema) -> Schema:
        """What a reference points at, without what stands beside it."""
        return self.defs[spec["$ref"].rsplit("/", 1)[1]] if "$ref" in spec else spec

    def node(self, path: str, spec: Schema, group: str) -> Node:
        target = self.target(spec)
        own, spec = spec, self.resolve(spec)
        title = str(spec.get("title") or path.rsplit(".", 1)[-1].replace("_", " ").capitalize())
        said = _words(own, str(spec.get("description", "")))
        if "oneOf" in spec and "discriminator" in spec:
            kinds = tuple(self.kind(path, self.target(option), group) for option in spec["oneOf"])
            return Choice(path, title, said, group, kinds, spec.get("default") or {}, bool(spec.get("rare")))
        if spec.get("type") == "object" and "properties" in spec:
            if "const" in self.resolve(spec["properties"].get("kind", {})):
                return Choice(path, title, said, group, (self.kind(path, target, group),), spec.get("default") or {})
            return Branch(path, title, said, group, self.children(path, spec, group), spec.get("default") or {})
        return self.leaf(path, title, said, group, spec)

    def kind(self, path: str, spec: Schema, group: str) -> Kind:
        tag = str(self.resolve(spec["properties"]["kind"])["const"])
        return Kind(
            tag,
            str(spec.get("title") or tag),
            _words(spec, str(spec.get("description", ""))),
            self.children(path, spec, group),
        )

    def children(self, path: str, spec: Schema, group: str) -> tuple[Node, ...]:
        fields = spec["properties"].items()
        return tuple(self.node(f"{path}.{name}", child, group) for name, child in fields if name != "kind")

    def leaf(self, path: str, title: str, said: Words, group: str, spec: Schema) -> Leaf:
        options = [self.resolve(s) for s in spec.get("anyOf", [spec])]
        nullable = any(s.get("type") == "null" for s in options)
        branches = tuple(s for s in options if s.get("type") != "null")
        widget = _widget(branches)
        chosen = branches[0] if branches else spec
        values = chosen.get("enum", [chosen["const"]] if "const" in chosen else []) if widget == "options" else []
        titles = spec.get("titles", {})
        return Leaf(
            path,
            title,
            said,
            group,
            widget,
            default=spec.get("default"),
            nullable=nullable,
            options=tuple(Option(str(v), str(titles.get(str(v), _capital(str(v)))), v) for v in values),
            branches=branches if widget == "mixed" else (),
            items=_widget((self.resolve(chosen.get("items", {})),)) if widget == "list" else "text",
            unit=str(spec.get("unit", "")),
            empty=str(spec.get("empty", "")),
            rare=bool(spec.get("rare")),
        )


def _capital(tag: str) -> str:
    spaced = tag.replace("_", " ").replace("-", "−" if tag[1:].isdigit() else "-")
    return spaced[:1].upper() + spaced[1:]


def _widget(branches: tuple[Schema, ...]) -> Widget:
    """How a value with these schemas is filled in."""
    if len(branches) != 1:
        return "mixed" if branches and all(_widget((b,)) != "json" for b in branches) else "json"
    spec = branches[0]
    if "enum" in spec or "const" in spec:
        return "options"
    if spec.get("type") == "array" and _is_scalar(spec.get("items", {})):
        return "list"
    return _PLAIN.get(str(spec.get("type")), "json")


_PLAIN: dict[str, Widget] = {"integer": "integer", "number": "number", "boolean": "switch", "string": "text"}


def _is_scalar(items: Schema) -> bool:
    return items.get("type") in ("integer", "number", "string")
