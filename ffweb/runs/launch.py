"""How runs begin: one, or a group of seeds, controls and a small grid."""

from __future__ import annotations

import itertools
import secrets
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from ffweb.live.push import push_run
from ffweb.people.models import User
from ffweb.runs import data, facts, status, validate
from ffweb.runs.access import changeable, run_for
from ffweb.runs.controls import control
from ffweb.runs.errors import TooMany
from ffweb.runs.models import CROCKFORD, Run
from ffweb.work.bell import ring
from trainer import identity
from trainer.controls import CONTROLS
from trainer.errors import ConfigError, Problem
from trainer.presets import PRESETS
from trainer.words import plural

NAME_LENGTH, NOTES_LENGTH = 200, 20_000
MAX_TAGS, TAG_LENGTH = len(facts.TAG_KEYS), 40
MAX_GROUP = 60
MANY = 1_000_000


@dataclass(frozen=True)
class Order:
    """What somebody asked for."""

    name: str | None = None
    preset: str | None = None
    config: Mapping[str, Any] | None = None
    changes: Mapping[str, Any] | None = None
    tags: Sequence[str] = ()
    visibility: str | None = None
    group: str = ""
    parent: Run | None = None


def folder(run_id: str) -> Path:
    """The folder of a run on this machine."""
    return settings.RUNS_DIR / run_id


def create_run(user: User, **order: Any) -> Run:
    """Check and queue one run; `order` holds the fields of `Order`. Raises ConfigError, or TooMany."""
    return create_runs(user, [Order(**order)])[0]


def create_group(
    user: User,
    *,
    seeds: Sequence[int] = (),
    against: Sequence[str] = (),
    vary: Mapping[str, Sequence[Any]] | None = None,
    **order: Any,
) -> tuple[str, list[Run]]:
    """Every point of the grid `vary` with every seed, each beside its controls: all of them are queued, or none.

    Raises ConfigError naming seeds, against or vary, or the field of a point that cannot run; or TooMany.
    """
    _check_group(seeds, against, vary or {})
    name = group_name()
    points = list(_points(Order(**order, group=name), seeds, vary or {}))
    controls = [_control(point, kind) for point in points for kind in dict.fromkeys(against)]
    return name, create_runs(user, [*points, *_distinct(controls)])


def group_name() -> str:
    """A new name for runs that are launched together."""
    return "".join(secrets.choice(CROCKFORD) for _ in range(8))


def _check_kinds(against: Sequence[str]) -> None:
    for kind in against:
        if kind not in CONTROLS:
            raise refused("against", f"There is no control {kind!r}; these would work: {', '.join(CONTROLS)}.")


def _check_group(seeds: Sequence[int], against: Sequence[str], vary: Mapping[str, Sequence[Any]]) -> None:
    _check_kinds(against)
    for path, values in vary.items():
        if not values:
            raise refused(f"vary.{path}", "Name at least one value.")
    size = max(1, len(seeds)) * (1 + len(set(against)))
    for values in vary.values():
        size = min(size * len(values), MANY)  # of many axes it would be a number that nobody can write down
    if size > MAX_GROUP:
        this = f"{size:,}" + (" or more" if size == MANY else "")
        raise refused("vary" if vary else "seeds", f"A group may have {MAX_GROUP} runs; this one has {this}.")


def _points(order: Order, seeds: Sequence[int], vary: Mapping[str, Sequence[Any]]) -> Iterator[Order]:
    axes = {**vary, **({"seed": list(dict.fromkeys(seeds))} if seeds else {})}
    base = order.name or _default_name(order)
    for values in itertools.product(*axes.values()):
        chosen = dict(zip(axes, values, strict=True))
        said = ", ".join(f"{path.rpartition('.')[2]} {value}" for path, value in chosen.items())
        name = f"{base} · {said}" if said else base
        yield replace(order, name=name[:NAME_LENGTH], changes={**(order.changes or {}), **chosen})


def _default_name(order: Order) -> str:
    """What a run is called whose launcher named none: as its config or preset says."""
    preset = PRESETS.get(order.preset or "")
    given = {**(preset.config if preset else {}), **(order.config or {}), **(order.changes or {})}
    return str(given.get("name") or (preset.title if preset else "Run"))


def _control(point: Order, kind: str) -> Order:
    """What a point is compared with. Raises ConfigError (loc `against`) where there is no such control of it."""
    derived = control(validate.check(point.preset, point.config, point.changes).config, kind)
    name = f"{point.name} · {CONTROLS[kind].title.lower()}"[:NAME_LENGTH]
    return replace(point, name=name, preset=None, config=derived.model_dump(mode="json"), changes=None)


def create_controls(user: User, run: Run, kinds: Sequence[str]) -> list[Run]:
    """Queue controls beside a run that is there already, in its group. Raises NotYours, ConfigError, or TooMany."""
    changeable(user, run, "start controls of")
    _check_kinds(kinds)
    if why := data.since(run):
        raise refused("data.name", f"a control beside this run would train on other data: {why}", "other_data")
    if not run.group:
        run.group = group_name()
    tags, visibility = run.tags, run.visibility
    point = Order(run.name, None, run.config, None, tags, visibility, run.group, parent=run)
    controls = [row(user, _control(point, kind)) for kind in dict.fromkeys(kinds)]
    with transaction.atomic():  # SQLite's one lock for writers is not held while configs are checked
        run.save(update_fields=["group"])
        queue(user, controls)
    return controls


def _distinct(orders: Sequence[Order]) -> list[Order]:
    """Points that differ only in what a control does not have share one control."""
    seen: dict[str, Order] = {}
    for order in orders:
        config = identity.without(order.config or {}, identity.CALLED)
        seen.setdefault(repr((config, order.changes)), order)
    return list(seen.values())


def create_runs(user: User, orders: Sequence[Order]) -> list[Run]:
    """Check all orders, then queue all. Raises ConfigError, or TooMany."""
    runs = [row(user, order) for order in orders]
    queue(user, runs)
    return runs


def queue(user: User, runs: Sequence[Run]) -> None:
    """Store runs that `row` made and wake the workers, all or none. Raises PermissionError, or TooMany."""
    members_only(user)
    with transaction.atomic():
        check_room(user, len(runs))
        for run in runs:
            run.save(force_insert=True)
            facts.store_config(run)
            facts.store_tags(run)
            transaction.on_commit(partial(push_run, run.pk))
        for name, count in Counter(run.queue for run in runs).items():
            transaction.on_commit(partial(ring, name, count))


def row(user: User, order: Order) -> Run:
    """A run as it would be queued, not stored yet. Raises PermissionError, NotVisible of its parent, or ConfigError."""
    members_only(user)
    if order.parent is not None:
        run_for(user, order.parent.pk)
    fields = cleaned(tags=order.tags, visibility=order.visibility or Run.Visibility.TEAM)
    named = cleaned(name=order.name or _default_name(order))
    checked = validate.check(order.preset, order.config, {**(order.changes or {}), **named})
    return Run(
        name=checked.config.name,
        owner=user,
        preset=order.preset or "",
        config=checked.config.model_dump(mode="json"),
        queue=checked.queue,
        group=order.group,
        parent=order.parent,
        **fields,
    )


def members_only(user: User) -> None:
    """Raises PermissionError for one who is no member, or no longer."""
    if not user.is_active:
        raise PermissionError("Only members may start runs.")


def check_room(user: User, more: int) -> None:
    """Raises TooMany when `more` runs would make the queue of `user` too long."""
    waiting = Run.objects.filter(owner=user, status=status.QUEUED, deleted_at=None).count()
    most = settings.MAX_QUEUED_PER_USER
    if waiting + more > most:
        raise TooMany(f"You may have {plural(most, 'run')} waiting and have {waiting}: let some finish, or stop some.")


def refused(loc: str, msg: str, type: str = "value_error") -> ConfigError:
    """A ConfigError about one field."""
    return ConfigError([Problem(loc=loc, msg=msg, type=type)])


def cleaned(**fields: Any) -> dict[str, Any]:
    """The editable fields of a run, tidied. Raises ConfigError naming the first that is wrong."""
    return {name: _CLEANERS[name](value) if name in _CLEANERS else value for name, value in fields.items()}


def _name(value: str) -> str:
    value = " ".join(value.split())
    if not 0 < len(value) <= NAME_LENGTH:
        raise refused("name", f"A name has 1 to {NAME_LENGTH} characters.")
    return value


def _notes(value: str) -> str:
    if len(value) > NOTES_LENGTH:
        raise refused("notes", f"Notes may have {NOTES_LENGTH:,} characters; these have {len(value):,}.")
    return value


def _tags(value: Sequence[str]) -> list[str]:
    tags = list(dict.fromkeys(" ".join(tag.split()) for tag in value))
    if len(tags) > MAX_TAGS:
        raise refused("tags", f"A run may have {MAX_TAGS} tags; this one has {len(tags)}.")
    for tag in tags:
        if not 0 < len(tag) <= TAG_LENGTH or set(tag) & set(',"'):
            raise refused(
                "tags", f"A tag has 1 to {TAG_LENGTH} characters and neither commas nor quotation marks: {tag!r}."
            )
    return tags


def _visibility(value: str) -> str:
    if value not in Run.Visibility.values:
        raise refused("visibility", f"Visibility is {' or '.join(Run.Visibility.values)}, not {value!r}.")
    return value


_CLEANERS = {"name": _name, "notes": _notes, "tags": _tags, "visibility": _visibility}
