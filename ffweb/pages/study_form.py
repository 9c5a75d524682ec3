"""The form for a study of memory as texts, and back: cases, or what is wrong with which field."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict

from ffweb.pages.form_view import sentence
from ffweb.pages.format import duration, number, size
from ffweb.runs.launch import MAX_GROUP
from ffweb.runs.studies import Need, needs
from trainer.data.catalogue import describe, survey
from trainer.errors import ConfigError, Problem
from trainer.profiling.cases import DEFAULT, DEPTHS, IMAGES, METHODS, Case

DEEPEST = 200
FIELDS = {"methods": "Methods", "layers": "Depths", "hidden": "Units of a layer", "batch": "Batch", "data": "Data set",
          "images": "Training images"}  # fmt: skip
# Where the form asks for what a config field says; whatever else speaks against a case comes from its method.
_PLACES = (
    ("data.train_size", "images"),
    ("data", "data"),
    ("schedule.batch_size", "batch"),
    ("architecture.hidden", "hidden"),
    ("layers", "layers"),
)


@dataclass
class Form:
    """What stands in the fields, and what it comes to."""

    methods: list[str] = field(default_factory=lambda: list(DEFAULT))
    layers: str = ", ".join(map(str, DEPTHS))
    hidden: str = str(Case.hidden)
    batch: str = str(Case.batch)
    data: str = Case.data
    images: str = str(IMAGES)
    errors: dict[str, list[str]] = field(default_factory=dict)
    cases: list[Case] = field(default_factory=list)
    """By depth, all methods of one depth one after another; none while a field cannot be read."""

    def blame(self, name: str, text: str) -> None:
        """Say something of a field, once."""
        said = self.errors.setdefault(name, [])
        if text not in said:
            said.append(text)

    @property
    def items(self) -> str:
        """What the examples of its data set are called."""
        try:
            return describe(self.data).items
        except ConfigError:
            return "images"

    @property
    def command(self) -> str:
        """What measures the same without the web; empty while a field cannot be read."""
        if not self.cases:
            return ""
        first, depths = self.cases[0], dict.fromkeys(case.layers for case in self.cases)
        chosen = {
            "layers": "" if tuple(depths) == DEPTHS else ",".join(map(str, depths)),
            "methods": "" if tuple(self.methods) == DEFAULT else ",".join(self.methods),
            "hidden": "" if first.hidden == Case.hidden else str(first.hidden),
            "batch": "" if first.batch == Case.batch else str(first.batch),
            "data": "" if first.data == Case.data else first.data,
            "images": "" if first.images == IMAGES else str(first.images or "all"),
        }
        said = (f"--{name} {shlex.quote(text)}" for name, text in chosen.items() if text)
        return " ".join(["python -m trainer profile-memory", *said])

    @property
    def summary(self) -> list[tuple[str, str, str]]:
        """(field, its title, sentence) of everything that is wrong."""
        titles = {name: title.replace("images", self.items) for name, title in FIELDS.items()}
        return [(name, title, text) for name, title in titles.items() for text in self.errors.get(name, [])]


def blank() -> Form:
    """As the command line has it."""
    return _with_cases(Form())


def read(post: QueryDict) -> Form:
    """What was sent; fields that were not keep their defaults."""
    form = Form(methods=[name for name in METHODS if name in post.getlist("methods")])
    for name in ("layers", "hidden", "batch", "data", "images"):
        if name in post:
            setattr(form, name, str(post[name]).strip())
    return _with_cases(form)


def _with_cases(form: Form) -> Form:
    depths = _depths(form)
    hidden = _whole(form, "hidden", 1)
    batch = _whole(form, "batch", 1)
    images = _whole(form, "images", 10) if form.images else None
    if not form.methods:
        form.blame("methods", "Choose at least one method.")
    if len(depths) * len(form.methods) > MAX_GROUP:
        many = len(depths) * len(form.methods)
        text = f"A study may have {MAX_GROUP} runs; this one has {many}: leave out depths or methods."
        form.blame("layers", text)
    if not form.errors:
        each = {"hidden": hidden, "batch": batch, "data": form.data, "images": images}
        form.cases = [Case(method, layers, **each) for layers in depths for method in form.methods]
    return form


def _depths(form: Form) -> list[int]:
    parts = [part.strip() for part in form.layers.split(",") if part.strip()]
    if not parts or not all(part.isdecimal() and len(part) <= 9 and 1 <= int(part) <= DEEPEST for part in parts):
        form.blame("layers", f"Depths are numbers from 1 to {DEEPEST} with commas between them, as 2, 7, 12.")
        return []
    return sorted({int(part) for part in parts})


def _whole(form: Form, name: str, least: int) -> Any:
    text = getattr(form, name).replace(",", "")
    if not (text.isdecimal() and len(text) <= 9 and int(text) >= least):
        other = ", or nothing for all" if name == "images" else ""
        form.blame(name, f"A whole number from {least} up{other}.")
        return None
    return int(text)


def refuse(form: Form, problems: Iterable[Problem]) -> None:
    """Say under its field what speaks against the cases; memory is said as a whole (`Outlook`)."""
    for problem in problems:
        if problem["type"] != "memory":
            place = next((name for loc, name in _PLACES if problem["loc"].startswith(loc)), "methods")
            form.blame(place, sentence(problem["msg"]))


@dataclass(frozen=True)
class Outlook:
    """What a form's cases come to on this machine."""

    fitting: list[Case]
    seconds: str
    """Of all that fit, on one core."""
    largest: str
    too_large: list[str]
    """Each case that has no room, with what it needs."""
    free: str


def outlook(form: Form) -> Outlook | None:
    """None where no case can be counted; what is wrong with a field is said at the field."""
    found = needs(form.cases)
    for need in found:
        refuse(form, need.problems)
    fitting = [need for need in found if need.estimate and not need.problems]
    large = [need for need in found if any(problem["type"] == "memory" for problem in need.problems)]
    if not fitting and not large:
        return None
    return Outlook(
        fitting=[need.case for need in fitting],
        seconds=duration(sum(need.estimate.seconds for need in fitting if need.estimate)),
        largest=_needing(max(fitting, key=_bytes)) if fitting else "",
        too_large=[_needing(need) for need in large],
        free=_free(large),
    )


def _bytes(need: Need) -> int:
    return need.estimate.memory_bytes if need.estimate else 0


def _needing(need: Need) -> str:
    return f"{need.case.title} ({size(_bytes(need))})"


def _free(large: Sequence[Need]) -> str:
    """What the refusal of the first says is free."""
    said = next((problem["msg"] for need in large for problem in need.problems if problem["type"] == "memory"), "")
    return said.rpartition("); ")[2].partition(" are free")[0]


def data_sets(chosen: str) -> list[tuple[str, str, str]]:
    """(name, words, why it cannot be chosen) of what there is; `chosen` stays choosable."""
    found = survey()
    usable = [(info.name, f"{info.title} ({number(info.train)})", "") for info in found.usable]
    off = [(other.name, f"{other.name} (cannot be used)", other.reason) for other in found.unusable]
    return [*usable, *((name, words, "" if name == chosen else why) for name, words, why in off)]
