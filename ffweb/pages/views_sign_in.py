"""Sign in and out."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from ffweb.later import TryLater
from ffweb.pages.http import address, back, way_back
from ffweb.pages.views_settings import set_theme_cookie
from ffweb.people import services
from ffweb.people.attempts import DEVICE_AGE, device_of
from ffweb.people.models import User

DEVICE = "device"  # the cookie of a browser that has signed somebody in before


@never_cache
@sensitive_post_parameters("password")
def sign_in(request: HttpRequest) -> HttpResponse:
    """A name and a password. Five wrong ones wait five minutes."""
    if request.method != "POST":
        return back(request) if request.user.is_authenticated else _form(request)
    name = request.POST.get("username", "").strip()
    device = request.COOKIES.get(DEVICE, "")
    try:
        user = services.sign_in(name, request.POST.get("password", ""), address(request), device)
    except TryLater as error:
        response = _form(request, name, str(error), error.status)
        response.headers["Retry-After"] = str(error.seconds)
        return response
    except services.SignInFailed as error:
        return _form(request, name, str(error), 422)
    return enter(request, user)


def enter(request: HttpRequest, user: User) -> HttpResponseRedirect:
    """Begin a session and go where the person wanted to go, in their theme."""
    before = request.session.session_key
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    services.signed_out(before)
    response = back(request)
    set_theme_cookie(response, user.theme)
    response.set_cookie(
        DEVICE,
        device_of(user),
        max_age=DEVICE_AGE,
        httponly=True,
        samesite="Lax",
        secure=settings.HTTPS,
        path=reverse("sign-in"),
    )
    return response


def _form(request: HttpRequest, name: str = "", error: str = "", status: int = 200) -> HttpResponse:
    context = {"username": name, "error": error, "next": way_back(request)}
    return render(request, "people/sign_in.html", context, status=status)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """The session goes before anything else does: who cannot be signed out is told so, and still is signed in."""
    before = request.session.session_key
    request.session.delete()
    logout(request)
    services.signed_out(before)
    return redirect("sign-in")
