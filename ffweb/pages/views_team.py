"""The team: who is in it, invitations, and the workers that compute for it."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from ffweb.pages.http import member, once, toast
from ffweb.people import queries, services
from ffweb.people.models import User
from ffweb.runs import overview
from ffweb.work import presence


def _page(request: HttpRequest, **extra: object) -> HttpResponse:
    user = member(request)
    busy = overview.runs_at_work(user)
    workers = [(worker, busy.get(worker.name)) for worker in presence.present()]
    return render(request, "people/team.html", {"members": queries.members(), "workers": workers, **extra})


@login_required
@require_GET
@never_cache
def team(request: HttpRequest) -> HttpResponse:
    return _page(request)


def _for_admins(request: HttpRequest) -> User:
    """The signed-in admin; for others the address does not exist."""
    user = member(request)
    if not user.is_staff:
        raise Http404
    return user


@login_required
@require_POST
def invite(request: HttpRequest) -> HttpResponse:
    """A link for one new member, on this one answer and nowhere else."""
    path = services.make_invite(_for_admins(request))
    return once(_page(request, link=request.build_absolute_uri(path), link_for=None))


@login_required
@require_POST
def change(request: HttpRequest, user_id: int, action: str) -> HttpResponse:
    """End or renew a membership, change a role, or make a sign-in link for somebody who forgot the password."""
    admin = _for_admins(request)
    user = get_object_or_404(User, pk=user_id)
    if action == "link":
        try:
            path = services.sign_in_link(user, created_by=admin)
        except services.Invalid as error:
            toast(request, str(error), bad=True)
            return redirect("team")
        return once(_page(request, link=request.build_absolute_uri(path), link_for=user))
    if action not in CHANGES:
        raise Http404
    do, sentence = CHANGES[action]
    try:
        do(admin, user)
    except services.Invalid as error:
        toast(request, str(error), bad=True)
    else:
        toast(request, sentence.format(name=user.shown_name))
    return redirect("team")


CHANGES: dict[str, tuple[Callable[[User, User], None], str]] = {
    "deactivate": (
        services.deactivate,
        "{name} is no longer a member. Their runs stay; the links they made are withdrawn.",
    ),
    "reactivate": (services.reactivate, "{name} is a member again."),
    "promote": (lambda admin, user: services.set_admin(admin, user, True), "{name} is an admin now."),
    "demote": (
        lambda admin, user: services.set_admin(admin, user, False),
        "{name} is a member without admin rights now.",
    ),
}
