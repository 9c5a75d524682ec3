"""Who you are, and your tokens."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpResponse
from ninja import Router

from ffweb.api.answers import answer, nothing
from ffweb.api.auth import Authed
from ffweb.api.schemas import Me, NewToken, TokenIn, Tokens
from ffweb.people import services
from ffweb.runs import queries

router = Router(tags=["people"])


@router.get("/me", response=Me, operation_id="me")
def me(request: Authed) -> HttpResponse:
    """Who this token or session belongs to."""
    user = request.auth
    return answer(
        {
            "username": user.username,
            "name": user.shown_name,
            "admin": user.is_staff,
            "queued": queries.waiting(user),
            "max_queued": settings.MAX_QUEUED_PER_USER,
        }
    )


@router.get("/tokens", response=Tokens, operation_id="tokens")
def tokens(request: Authed) -> HttpResponse:
    """Your tokens, newest first, without their secrets."""
    items = request.auth.tokens.order_by("-created", "-pk").values("id", "name", "created", "last_used")
    return answer({"items": list(items)})


@router.post("/tokens", response={201: NewToken}, operation_id="create_token")
def create(request: Authed, order: TokenIn | None = None) -> HttpResponse:
    """A new token with your rights. It is shown this once."""
    token, secret = services.make_token(request.auth, order.name if order else "")
    return answer({"id": token.pk, "name": token.name, "token": secret}, 201)


@router.delete("/tokens/{token_id}", response={204: None}, operation_id="revoke_token")
def revoke(request: Authed, token_id: int) -> HttpResponse:
    """Revoke one of your tokens; it stops working at once."""
    if not services.revoke_token(request.auth, token_id):
        raise Http404("You have no such token.")
    return nothing()
