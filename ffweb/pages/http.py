"""What several views need: the signed-in user as a type, safe ways back, toasts with an undo."""

from __future__ import annotations

from typing import cast

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from ffweb.people.models import User


def member(request: HttpRequest) -> User:
    """The signed-in user; only for views behind `login_required`."""
    return cast(User, request.user)


def address(request: HttpRequest) -> str:
    """Where a request comes from: behind a proxy of FFWEB_PROXY, where the proxy says (ffweb/serve/web.py)."""
    return str(request.META.get("REMOTE_ADDR", ""))


def way_back(request: HttpRequest) -> str:
    """Where `next` leads, if that is on this site; else the runs."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return target if safe else reverse("runs")


def back(request: HttpRequest) -> HttpResponseRedirect:
    return HttpResponseRedirect(way_back(request))


def socket_address(*parts: str) -> str:
    """The address of a websocket on this host: `("runs", id)`, `("s", token)`."""
    return "/".join((f"{settings.PATH}/ws", *parts))


def toast(request: HttpRequest, text: str, *, bad: bool = False, undo: str = "") -> None:
    """One sentence on the next page; `undo` is the address that a POST takes it back at."""
    messages.add_message(request, messages.ERROR if bad else messages.INFO, text, extra_tags=undo)


def once(response: HttpResponse) -> HttpResponse:
    """A page with a secret on it or in its address: kept by no cache.

    The site's Referrer-Policy keeps the address from other sites; "no-referrer" would make browsers send the page's
    own forms with the origin "null", which the CSRF check refuses.
    """
    response["Cache-Control"] = "no-store"
    return response
