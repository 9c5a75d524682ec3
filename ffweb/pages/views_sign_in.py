"""Sign in and out."""

from __future__ import annotations

from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from ffweb.pages.http import back, way_back
from ffweb.pages.views_settings import set_theme_cookie
from ffweb.people import services
from ffweb.people.models import User


@never_cache
@sensitive_post_parameters("password")
def sign_in(request: HttpRequest) -> HttpResponse:
    """A name and a password. Five wrong ones wait five minutes."""
    if request.method != "POST":
        return back(request) if request.user.is_authenticated else _form(request)
    name = request.POST.get("username", "").strip()
    try:
        user = services.sign_in(name, request.POST.get("password", ""), request.META.get("REMOTE_ADDR", ""))
    except services.TooManyAttempts as error:
        return _form(request, name, str(error), 429)
    except services.SignInFailed as error:
        return _form(request, name, str(error), 422)
    return enter(request, user)


def enter(request: HttpRequest, user: User) -> HttpResponseRedirect:
    """Begin a session and go where the person wanted to go, in their theme."""
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    response = back(request)
    set_theme_cookie(response, user.theme)
    return response


def _form(request: HttpRequest, name: str = "", error: str = "", status: int = 200) -> HttpResponse:
    context = {"username": name, "error": error, "next": way_back(request)}
    return render(request, "people/sign_in.html", context, status=status)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("sign-in")
