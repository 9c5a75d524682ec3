"""One's own settings: theme, password, API tokens."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from ffweb.pages.http import back, member, once, toast
from ffweb.people import queries, services

THEMES = ("system", "light", "dark")


def _page(request: HttpRequest, status: int = 200, **extra: object) -> HttpResponse:
    context = {"tokens": queries.tokens(member(request)), "themes": THEMES, "errors": {}, **extra}
    return render(request, "people/settings.html", context, status=status)


@login_required
@require_GET
@never_cache
def settings_page(request: HttpRequest) -> HttpResponse:
    return _page(request)


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Also for people without an account: a cookie of this browser; members' choice follows them."""
    chosen = request.POST.get("theme", "")
    chosen = chosen if chosen in THEMES else "system"
    if request.user.is_authenticated:
        services.set_theme(member(request), chosen)
    response = back(request)
    set_theme_cookie(response, chosen)
    return response


def set_theme_cookie(response: HttpResponse, chosen: str) -> None:
    """The server renders the theme from it, so that no page flashes; scripts may write it, so it is not HttpOnly."""
    if chosen == "system":
        response.delete_cookie("theme", path=settings.SESSION_COOKIE_PATH, samesite="Lax")
    else:
        response.set_cookie(
            "theme",
            chosen,
            max_age=365 * 86400,
            path=settings.SESSION_COOKIE_PATH,
            samesite="Lax",
            secure=settings.HTTPS,
        )


@login_required
@require_POST
@sensitive_post_parameters("old", "new")
def password(request: HttpRequest) -> HttpResponse:
    """Other sessions end, this one goes on."""
    user = member(request)
    try:
        before = request.session.session_key
        services.set_password(user, request.POST.get("old", ""), request.POST.get("new", ""), before)
    except services.Invalid as error:
        return _page(request, 422, errors=error.errors)
    except services.TooManyAttempts as error:
        return _page(request, 429, errors={"old": [str(error)]})
    update_session_auth_hash(request, user)
    toast(request, "Password set. Sessions in other browsers have ended.")
    return redirect("settings")


@login_required
@require_POST
def tokens(request: HttpRequest) -> HttpResponse:
    """A new API token is on this one answer and nowhere else."""
    try:
        token, secret = services.make_token(member(request), request.POST.get("name", ""))
    except services.Invalid as error:
        return _page(request, 422, errors={"token": error.errors["name"]})
    return once(_page(request, 201, secret=secret, made=token))


@login_required
@require_POST
def revoke(request: HttpRequest, token_id: int) -> HttpResponse:
    found = services.revoke_token(member(request), token_id)
    toast(
        request,
        "Token revoked." if found else "There is no such token: it may have been revoked before.",
        bad=not found,
    )
    return redirect("settings")
