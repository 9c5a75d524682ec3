"""A judged draft as the templates show it: plain dictionaries, one shape a widget."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ffweb.pages import form_spans, form_words
from ffweb.pages.form_draft import Draft
from ffweb.pages.form_fits import Misfit, repairs
from ffweb.pages.form_schema import GROUPS, Branch, Choice, Kind, Leaf, Node, form_tree, walk
from ffweb.pages.form_values import defaults, to_text, value_at
from ffweb.pages.format import size
from trainer.data.catalogue import DataInfo, Survey, survey
from trainer.data.words import worded
from trainer.errors import Changes, Problem

Shown = dict[str, Any]
MAX_TILES = 6
MAX_TILE_LETTERS = 44  # in a row of half a group's width
FOR_DATA = {"data.window": "text", "data.prefix": "text", "data.augment": "image"}  # fields of one kind of data


def groups(draft: Draft, *, spares: bool = False) -> list[Shown]:
    """The eight groups with their fields, recipe lines and marks; with `spares` also those of kinds not chosen."""
    shelf = _Shelf(draft, place(draft.problems), draft.start.config, spares)
    return [_group(shelf, name, title) for name, title in GROUPS.items()]


def place(problems: Iterable[Problem]) -> dict[str, list[Problem]]:
    """Problems by the field that shows them: the deepest one on the way to their place; "" for the form's own."""
    paths = {node.path for node in walk(form_tree()) if not isinstance(node, Branch)} | {"seeds", "name", "against"}
    placed: dict[str, list[Problem]] = {}
    for problem in problems:
        loc = "seeds" if problem["loc"] == "seed" else problem["loc"]
        while loc and loc not in paths:
            loc = loc.rpartition(".")[0]
        placed.setdefault(loc, []).append(problem)
    return placed


def _group(shelf: _Shelf, name: str, title: str) -> Shown:
    draft = shelf.draft
    nodes = [node for node in form_tree() if node.group == name]
    paths = {node.path for node in walk(tuple(nodes))}
    return {
        "name": name,
        "title": title,
        "summary": form_words.summary(name, draft.config, draft.info),
        "changed": sum(path.removesuffix(".kind") in paths for path in draft.changes),
        "bad": sum(len(found) for path, found in shelf.placed.items() if path in paths),
        "fields": _sorted(_fields(shelf, nodes)),
    }


@dataclass(frozen=True)
class _Shelf:
    """What the fields of one level are shown with. `base` is what they began with: under a kind that the form did not
    begin with, the kind's defaults.
    """

    draft: Draft
    placed: Mapping[str, list[Problem]]
    base: Mapping[str, Any]
    spares: bool

    @property
    def was_word(self) -> str:
        if self.base is not self.draft.start.config:
            return "default"
        return "was" if self.draft.start.run else "preset"

    def below(self, choice: Choice, kind: Kind) -> _Shelf:
        same = value_at(self.base, f"{choice.path}.kind") == kind.tag
        return self if same else replace(self, base=defaults(kind.children))

    def marks(self, path: str, key: str) -> Shown:
        """What every field carries: its name, what it was, what is wrong with it."""
        return {
            "path": path,
            "id": f"f-{path}",
            "changed": key in self.draft.changes,
            "was_word": self.was_word,
            "errors": errors(self.draft, self.placed.get(path, [])),
            "gone": self.gone(path) and key not in self.draft.changes,
        }

    def gone(self, path: str) -> bool:
        """Whether a field means nothing with this data, text or images."""
        info = self.draft.info
        return info is not None and FOR_DATA.get(path, info.kind) != info.kind


def _sorted(fields: Iterable[Shown]) -> Shown:
    """Fields that are shown, and the rare ones that are folded away unless there is something to see."""
    every = list(fields)
    rare = [field for field in every if field["rare"]]
    return {
        "plain": [field for field in every if not field["rare"]],
        "rare": rare,
        "names": ", ".join(form_words.inside(field["title"]) for field in rare if not field["gone"]),
        "open": any(field["changed"] or field["errors"] or field.get("rows") for field in rare),
    }


def every(fields: Shown) -> Iterator[Shown]:
    """All fields of a `fields` entry, and those inside them."""
    for field in (*fields["plain"], *fields["rare"]):
        yield field
        if "fields" in field:
            yield from every(field["fields"])


def _fields(shelf: _Shelf, nodes: Iterable[Node]) -> Iterator[Shown]:
    for node in nodes:
        match node:
            case Leaf():
                yield _leaf(shelf, node)
            case Choice():
                yield _choice(shelf, node)
            case Branch():
                yield from _fields(shelf, node.children)


def errors(draft: Draft, problems: Iterable[Problem]) -> list[Shown]:
    """Each problem with the buttons that would repair it."""
    return [{"msg": sentence(p["msg"]), "fixes": _fixes(draft, p)} for p in problems]


def sentence(text: str) -> str:
    """A problem's message as it stands alone: a capital first, a full stop last."""
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def _fixes(draft: Draft, problem: Problem) -> list[Shown]:
    if better := draft.better.get(problem["loc"]):
        return [_fix({problem["loc"]: better}, better)]
    if problem["type"] == "unreadable" or problem["loc"] in ("", "seeds", "name") or not draft.countable:
        return []
    return [_fix(changes, _choose(changes)) for changes in repairs(draft.countable, draft.info, problem)]


def _fix(changes: Changes, said: str) -> Shown:
    """A button that applies `changes`: its words, and its value as the form posts it."""
    return {"words": f"Choose {said}", "set": set_value(changes)}


def _choose(changes: Changes) -> str:
    said = (f"{form_words.said(path, new)} ({form_words.label(path).lower()})" for path, new in changes.items())
    return " and ".join(said)


def set_value(changes: Changes) -> str:
    """Changes as one button's value."""
    return ";".join(f"{path}={value if isinstance(value, str) else to_text(value)}" for path, value in changes.items())


# ── leaves ────────────────────────────────────────────────────────────────────────────────────────────────────────
def _leaf(shelf: _Shelf, leaf: Leaf) -> Shown:
    draft = shelf.draft
    began = value_at(shelf.base, leaf.path, leaf.default)
    shown = shelf.marks(leaf.path, leaf.path) | _leaf_words(leaf)
    shown["text"] = draft.form.get(leaf.path, to_text(value_at(draft.config, leaf.path, leaf.default)))
    shown |= {"was": form_words.said_in(leaf, began), "was_text": to_text(began)}
    return _special(draft, leaf, shown)


def _leaf_words(leaf: Leaf) -> Shown:
    tiles = leaf.widget == "options" and sum(len(o.title) + 3 for o in leaf.options) <= MAX_TILE_LETTERS
    chain = form_words.is_chain(leaf)
    return {
        "type": "tiles"
        if tiles
        else "chain"
        if chain
        else {"options": "select", "json": "json"}.get(leaf.widget, leaf.widget),
        "title": leaf.title,
        "help": leaf.words,
        "options": [{"text": o.text, "title": o.title, "off": ""} for o in leaf.options],
        "unit": "" if chain else leaf.unit,
        "placeholder": leaf.empty,
        "numeric": leaf.widget in ("integer", "number") or (chain and leaf.widget == "list"),
        "wide": chain or leaf.widget == "json",
        "rare": leaf.rare,
    }


def _special(draft: Draft, leaf: Leaf, shown: Shown) -> Shown:
    """What the schema cannot know: the data sets of this machine and their sizes."""
    info = draft.info
    if leaf.path == "data.name":
        found = survey()
        said = {"aside": _data_aside(draft), "was": _data_title(draft, found.usable), "unusable": found.unusable}
        return shown | said | {"type": "select", "options": _data_options(found, shown["text"])}
    if leaf.path == form_spans.PATH:
        rows = form_spans.said(value_at(draft.config, leaf.path))
        return shown | {"type": "spans", "rows": rows}
    if leaf.path == "device":
        return shown | {"type": "select", "options": _device_options(shown["text"])}
    if leaf.path in ("data.train_size", "data.test_size") and info:
        every = info.train if leaf.path == "data.train_size" else info.test
        return shown | {"unit": f"of {every:,}"} | _in_words_of(info, leaf)
    if leaf.path == "data.valid_size" and info:
        return shown | {"unit": info.items} | _in_words_of(info, leaf)
    return shown


def _in_words_of(info: DataInfo, leaf: Leaf) -> Shown:
    """A field about images, of a text about windows."""
    return {"title": worded(leaf.title, info.kind), "aside": worded(leaf.words.text, info.kind)}


def _data_options(found: Survey, chosen: str) -> list[Shown]:
    """What can be chosen, then what cannot; what is chosen stays choosable, or the form would lose it."""
    options = [{"text": info.name, "title": _data_words(info), "off": ""} for info in found.usable]
    if chosen not in {option["text"] for option in options}:
        options.append({"text": chosen, "title": chosen, "off": ""})
    off = [other for other in found.unusable if other.name != chosen]
    return options + [
        {"text": other.name, "title": f"{other.name} (cannot be used)", "off": other.reason} for other in off
    ]


def _device_options(chosen: str) -> list[Shown]:
    names = {"auto": "Automatic", "cpu": "CPU", "cuda": "GPU (cuda)", "mps": "GPU (mps)"}
    return [
        {"text": text, "title": title, "off": ""}
        for text, title in (names | {chosen: names.get(chosen, chosen)}).items()
    ]


def _data_words(info: DataInfo) -> str:
    return info.title if info.local else f"{info.title} (will be downloaded, {size(info.bytes)})"


def _data_aside(draft: Draft) -> str:
    info = draft.info
    if info is None:
        return ""
    height, width, channels = info.shape
    if info.kind == "text":
        return f"{info.train:,} + {info.test:,} windows of {width} characters, {info.classes} symbols. {_where(info)}"
    colours = "grey" if channels == 1 else "colour"
    return (
        f"{info.train:,} + {info.test:,} {colours} images, {height} × {width}, {info.classes} classes. {_where(info)}"
    )


def _where(info: DataInfo) -> str:
    where = "Already on this machine." if info.local else f"Will be downloaded first, {size(info.bytes)}."
    return f"{where} {info.note}".rstrip()


def _data_title(draft: Draft, infos: list[DataInfo]) -> str:
    name = str(value_at(draft.start.config, "data.name", ""))
    return next((info.title for info in infos if info.name == name), name)


# ── choices ───────────────────────────────────────────────────────────────────────────────────────────────────────
def _choice(shelf: _Shelf, choice: Choice) -> Shown:
    tag = value_at(shelf.draft.config, f"{choice.path}.kind")
    began = value_at(shelf.base, f"{choice.path}.kind") or choice.kinds[0].tag
    chosen = choice.kind(str(tag)) or choice.kinds[0]
    words = _choice_words(choice, chosen, shelf.draft.misfits.get(choice.path, {}))
    marks = shelf.marks(choice.path, f"{choice.path}.kind")
    return (
        words
        | marks
        | {
            "was": form_words.said(f"{choice.path}.kind", began),
            "was_text": began,
            "fields": _sorted(_fields(shelf.below(choice, chosen), chosen.children)),
            "others": [
                _spare_kind(shelf.below(choice, kind), kind)
                for kind in choice.kinds
                if shelf.spares and kind is not chosen
            ],
        }
    )


def _choice_words(choice: Choice, chosen: Kind, off: Mapping[str, Misfit]) -> Shown:
    short = sum(len(kind.title) + 3 for kind in choice.kinds) <= 2 * MAX_TILE_LETTERS
    return {
        "type": "one" if len(choice.kinds) == 1 else "choice",
        "tiles": len(choice.kinds) <= MAX_TILES and short,
        "title": choice.title,
        "help": choice.words,
        "wide": _is_wide(choice),
        "rare": choice.rare,
        "tag": chosen.tag,
        "kinds": [_kind(kind, off) for kind in choice.kinds],
        "why": why(choice, off),
        "say": chosen.words,
        "well": _has_well(chosen),
        "brings": any(kind.children for kind in choice.kinds),
    }


def _has_well(kind: Kind) -> bool:
    """Whether a kind has fields that are shown; those that are folded away need no panel."""
    return any(isinstance(child, Branch) or not child.rare for child in kind.children)


def _is_wide(choice: Choice) -> bool:
    letters = sum(len(kind.title) + 3 for kind in choice.kinds)
    return letters > MAX_TILE_LETTERS or any(_has_well(kind) for kind in choice.kinds)


def _kind(kind: Kind, off: Mapping[str, Misfit]) -> Shown:
    misfit = off.get(kind.tag)
    return {
        "text": kind.tag,
        "title": kind.title,
        "off": sentence(misfit.reason) if misfit else "",
        "gone": bool(misfit and misfit.elsewhere),
    }


def why(choice: Choice, off: Mapping[str, Misfit]) -> list[Shown]:
    """The reasons why kinds cannot be chosen; for each kind the button that chooses it with what it needs."""
    titles = {kind.tag: kind.title for kind in choice.kinds}
    reasons: dict[str, list[Shown]] = {}
    for tag, misfit in off.items():
        if misfit.elsewhere:
            continue
        reasons.setdefault(sentence(misfit.reason), []).append({"title": titles[tag], "fix": _with(misfit.fix, choice)})
    return [{"reason": reason, "kinds": kinds} for reason, kinds in reasons.items()]


def _with(changes: Changes, choice: Choice) -> Shown | None:
    if not changes:
        return None
    rest = {path: value for path, value in changes.items() if path != f"{choice.path}.kind"}
    titles = [_named(path, value) for path, value in rest.items()]
    said = " and ".join([", ".join(titles[:-1]), titles[-1]] if len(titles) > 1 else titles)
    where = "; ".join(f"{form_words.label(path)}: {form_words.said(path, value)}" for path, value in rest.items())
    return {"words": f"with {said}", "title": where, "set": set_value(changes)}


def _named(path: str, value: object) -> str:
    """A kind by its title; any other setting with what it is of."""
    said = form_words.said(path, value)
    return said if path.endswith(".kind") else f"{form_words.label(path).lower()} {said}"


def _spare_kind(shelf: _Shelf, kind: Kind) -> Shown:
    """The fields of a kind that is not chosen, as it would begin, for scripts to show at once."""
    fields = _sorted(_spare(shelf, node) for node in kind.children)
    return {"tag": kind.tag, "say": kind.words, "well": _has_well(kind), "fields": fields}


def _spare(shelf: _Shelf, node: Node) -> Shown:
    if isinstance(node, Branch):
        raise TypeError(f"{node.path}: a kind has fields and choices, not branches")
    marks = shelf.marks(node.path, node.path) | {"changed": False, "errors": [], "gone": shelf.gone(node.path)}
    if isinstance(node, Leaf):
        began = value_at(shelf.base, node.path, node.default)
        text = to_text(began)
        return marks | _leaf_words(node) | {"text": text, "was_text": text, "was": form_words.said_in(node, began)}
    chosen = node.kind(value_at(shelf.base, f"{node.path}.kind")) or node.kinds[0]
    fields = _sorted(_spare(shelf, child) for child in chosen.children)
    others = [_spare_kind(shelf.below(node, kind), kind) for kind in node.kinds if kind is not chosen]
    began = {"was": chosen.title, "was_text": chosen.tag}
    return _choice_words(node, chosen, {}) | marks | began | {"fields": fields, "others": others}
