"""Every service asks who may see and who may change: they are found by looking, so a new one fails until it does.

A service is a public function that is handed a `user` (or an `admin`); who may call it is said here.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest
from django.utils import timezone
from persons import make_run

from ffweb.people import services as accounts
from ffweb.people.models import User, hash_secret
from ffweb.runs import launch, overview, queries, services, status, studies
from ffweb.runs.access import NotVisible
from ffweb.runs.errors import NotYours
from ffweb.runs.models import Run, Share
from trainer.profiling.cases import Case

pytestmark = pytest.mark.django_db
GROUP = "gr0vp001"
ACTORS = ("owner", "member", "admin", "former", "former_admin")
STATES = ("team", "private", "deleted", "private_deleted")
REFUSALS = (NotVisible, NotYours, Run.DoesNotExist, PermissionError)


def public(module: ModuleType) -> Iterator[tuple[str, Callable[..., Any]]]:
    for name, function in inspect.getmembers(module, inspect.isfunction):
        here = function.__module__ == module.__name__
        if here and not name.startswith("_"):
            yield f"{module.__name__.removeprefix('ffweb.')}.{name}", function


SERVICES = {
    name: function
    for module in (services, launch, studies, overview, queries, accounts)
    for name, function in public(module)
    if {"user", "admin"} & set(inspect.signature(function).parameters)
}


@pytest.fixture
def people(db: None) -> dict[str, User]:
    def make(name: str, **fields: Any) -> User:
        return User.objects.create(username=name, **fields)

    return {
        "owner": make("owner"),
        "member": make("member"),
        "admin": make("admin", is_staff=True),
        "former": make("former", is_active=False),
        "former_admin": make("former_admin", is_staff=True, is_active=False),
    }


def place(people: dict[str, User], state: str) -> Run:
    """A run in that state; with a link of its owner, in a group, a case of a study."""
    config = Case("ff", 2, hidden=40, data="digits", images=100).config().model_dump(mode="json")
    fields: dict[str, Any] = {"visibility": "private" if "private" in state else "team"}
    if "deleted" in state:
        fields["deleted_at"] = timezone.now()
    run = make_run(
        people["owner"], group=GROUP, tags=[studies.TAG, "ff"], status=status.QUEUED, config=config, **fields
    )
    Share.objects.create(run=run, created_by=people["owner"], token_hash=hash_secret("s"))
    return run


def sees(actor: str, state: str) -> bool:
    return actor == "owner" or (actor in ("member", "admin") and "private" not in state)


def changes(actor: str, state: str) -> bool:
    return actor in ("owner", "admin") and sees(actor, state)


def resume(user: User, run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(status=status.STOPPED)
    run.status = status.STOPPED
    services.resume(user, run)


# ── what is done to a run: (call, who may, whether the run has to be deleted) ───────────────────────────────────────
ON_RUNS: dict[str, tuple[Callable[[User, Run], Any], Callable[[str, str], bool], bool]] = {
    "runs.services.stop": (services.stop, changes, False),
    "runs.services.resume": (resume, changes, False),
    "runs.services.clone": (services.clone, sees, False),
    "runs.launch.create_controls": (lambda u, r: launch.create_controls(u, r, ["backprop"]), changes, False),
    "runs.services.update": (lambda u, r: services.update(u, r, name="other"), changes, False),
    "runs.services.delete": (services.delete, changes, False),
    "runs.services.restore": (lambda u, r: services.restore(u, r.pk), changes, True),
    "runs.services.make_share": (services.make_share, changes, False),
    "runs.services.find_share": (lambda u, r: services.find_share(u, r.shares.get().pk), sees, False),
    "runs.services.revoke_share": (lambda u, r: services.revoke_share(u, r.shares.get()), changes, False),
    "runs.studies.read": (lambda u, r: studies.read(u, r.group), sees, False),
    "runs.studies.stop": (lambda u, r: refused_is_refused(studies.stop(u, r.group)), changes, False),
    "runs.overview.some": (lambda u, r: overview.some(u, [r.pk]), sees, False),
    "runs.queries.shares": (lambda u, r: nothing_is_refused(queries.shares(u, r)), changes, False),
    "runs.queries.group": (lambda u, r: nothing_is_refused(queries.group(u, r.group)), sees, False),
    "runs.queries.table": (lambda u, r: nothing_is_refused(queries.table(u).items), sees, False),
    "runs.overview.counts": (lambda u, r: nothing_is_refused(overview.counts(u).total), sees, False),
    "runs.overview.data_sets": (lambda u, r: nothing_is_refused(overview.data_sets(u)), sees, False),
}
# A link's maker may withdraw it, whatever became of the run.
MAKERS = ("runs.services.find_share", "runs.services.revoke_share")


def refused_is_refused(done: tuple[int, list[str]]) -> None:
    if not done[0]:
        raise NotVisible


def nothing_is_refused(found: Any) -> None:
    if not found:
        raise NotVisible


def allowed(name: str, actor: str, state: str) -> bool:
    _, may, wants_deleted = ON_RUNS[name]
    return (actor == "owner" and name in MAKERS) or (may(actor, state) and ("deleted" in state) == wants_deleted)


@pytest.mark.parametrize("name", ON_RUNS)
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("actor", ACTORS)
def test_who_may_not_see_or_change_a_run_does_nothing_to_it(
    people: dict[str, User], name: str, state: str, actor: str
) -> None:
    run = place(people, state)
    stale = Run.objects.get(pk=run.pk)  # in hand from before, when it was the team's
    stale.visibility, stale.deleted_at = "team", None
    before = everything()
    call = ON_RUNS[name][0]
    if allowed(name, actor, state):
        call(people[actor], stale)
        return
    with pytest.raises(REFUSALS):
        call(people[actor], stale)
    if name != "runs.services.resume":  # whose call here first stops the run
        assert everything() == before


def everything() -> list[Any]:
    return [list(Run.objects.order_by("pk").values()), list(Share.objects.values()), list(User.objects.values())]


# ── what members do by themselves ──────────────────────────────────────────────────────────────────────────────────
BY_MEMBERS: dict[str, Callable[[User], Any]] = {
    "runs.launch.create_run": lambda u: launch.create_run(u, preset="ff-digits"),
    "runs.launch.create_group": lambda u: launch.create_group(u, preset="ff-digits", seeds=[1]),
    "runs.launch.create_runs": lambda u: launch.create_runs(u, [launch.Order(preset="ff-digits")]),
    "runs.launch.row": lambda u: launch.row(u, launch.Order(preset="ff-digits")),
    "runs.launch.queue": lambda u: launch.queue(u, []),
    "runs.launch.members_only": launch.members_only,
    "runs.studies.create": lambda u: studies.create(u, [Case("ff", 2, hidden=40, data="digits", images=100)]),
    "people.services.make_token": accounts.make_token,
    "people.services.revoke_token": lambda u: accounts.revoke_token(u, 1),
    "people.services.set_theme": lambda u: accounts.set_theme(u, "dark"),
    "people.services.set_password": lambda u: accounts.set_password(u, "", "a long enough secret"),
}
BY_ADMINS: dict[str, Callable[[User, User], Any]] = {
    "people.services.make_invite": lambda admin, user: accounts.make_invite(admin),
    "people.services.sign_in_link": lambda admin, user: accounts.sign_in_link(user, admin),
    "people.services.deactivate": accounts.deactivate,
    "people.services.reactivate": accounts.reactivate,
    "people.services.set_admin": lambda admin, user: accounts.set_admin(admin, user, True),
}
# They tell numbers of the person who asks, or read a run in hand.
OF_NOBODY_ELSE = {
    "runs.launch.check_room",
    "runs.queries.waiting",
    "runs.overview.best_accuracies",
    "runs.overview.runs_at_work",
}


def test_every_service_is_known_here() -> None:
    assert set(SERVICES) == {*ON_RUNS, *BY_MEMBERS, *BY_ADMINS, *OF_NOBODY_ELSE}


@pytest.mark.parametrize("name", BY_MEMBERS)
@pytest.mark.parametrize("actor", ACTORS)
def test_only_members_make_anything(people: dict[str, User], name: str, actor: str) -> None:
    people[actor].set_unusable_password()
    if "former" not in actor:
        BY_MEMBERS[name](people[actor])
        return
    with pytest.raises(PermissionError):
        BY_MEMBERS[name](people[actor])
    assert not Run.objects.exists()


@pytest.mark.parametrize("name", BY_ADMINS)
@pytest.mark.parametrize("actor", ACTORS)
def test_only_admins_change_the_team(people: dict[str, User], name: str, actor: str) -> None:
    other = User.objects.create(username="other")
    if actor == "admin":
        BY_ADMINS[name](people[actor], other)
        return
    before = everything()
    with pytest.raises(PermissionError):
        BY_ADMINS[name](people[actor], other)
    assert everything() == before


def test_a_child_of_a_private_run_needs_to_see_its_parent(people: dict[str, User]) -> None:
    hidden = place(people, "private")
    for order in (launch.create_run, launch.create_group):
        with pytest.raises(NotVisible):
            order(people["member"], preset="ff-digits", parent=hidden)


def test_an_admin_who_made_a_link_can_withdraw_it_though_the_run_has_become_private(people: dict[str, User]) -> None:
    run = place(people, "team")
    link, _ = services.make_share(people["admin"], run)
    Run.objects.filter(pk=run.pk).update(visibility="private")
    services.revoke_share(people["admin"], services.find_share(people["admin"], link.pk))
    link.refresh_from_db()
    assert link.revoked_at is not None
    with pytest.raises(NotVisible):
        services.revoke_share(people["admin"], run.shares.exclude(pk=link.pk).get())


def test_a_run_made_private_is_no_longer_shared_and_can_be_shared_anew(people: dict[str, User]) -> None:
    run = place(people, "team")
    services.update(people["owner"], run, name="still the team's")
    assert run.shares.get().revoked_at is None
    services.update(people["owner"], run, visibility="private")
    assert run.shares.get().revoked_at is not None
    link, _ = services.make_share(people["owner"], run)
    services.update(people["owner"], run, visibility="private")
    assert Share.objects.get(pk=link.pk).revoked_at is None
