"""Links that work once: GET shows what the link does (a preview of it burns nothing), POST uses it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from ffweb.pages.http import address, once, toast
from ffweb.pages.views_sign_in import enter
from ffweb.people import services
from ffweb.people.models import OneTimeLink, User


@never_cache
@sensitive_post_parameters("password")
def link(request: HttpRequest, token: str) -> HttpResponse:
    try:
        found = services.find_link(token, address(request))
        if found.kind == OneTimeLink.INVITE:
            return _invited(request, token, found)
        if request.method != "POST":
            return once(render(request, "people/link_sign_in.html", {"link": found}))
        return _enter(request, services.use_link(token, address(request)))
    except services.LinkGone:
        return once(render(request, "people/link_gone.html", status=410))


def _invited(request: HttpRequest, token: str, found: OneTimeLink) -> HttpResponse:
    """An invitation asks for a name and a password; a refused form leaves it usable."""
    errors: dict[str, list[str]] = {}
    name = request.POST.get("username", "").strip()
    if request.method == "POST":
        try:
            return _enter(request, services.join(token, name, request.POST.get("password", ""), address(request)))
        except services.Invalid as error:
            errors = error.errors
    context = {"link": found, "errors": errors, "username": name}
    return once(render(request, "people/link_invite.html", context, status=422 if errors else 200))


def _enter(request: HttpRequest, user: User) -> HttpResponse:
    response = enter(request, user)
    if not user.has_usable_password():
        toast(request, "Signed in. Set a password in Settings, so that you can come back without a link.")
    return once(response)
