"""Everything that is done to accounts: links that work once, sign-in, API tokens, membership."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone

from ffweb.live.push import close_session, close_sessions, close_token, close_user
from ffweb.optional import optionally
from ffweb.people import attempts, passes
from ffweb.people.attempts import TooManyAttempts, WrongSecret
from ffweb.people.guesses import guesses
from ffweb.people.models import ApiToken, OneTimeLink, User, hash_secret, new_secret
from ffweb.runs.models import Share
from ffweb.runs.withdraw import withdraw

__all__ = [
    "Invalid", "LinkGone", "SignInFailed", "TooManyAttempts", "deactivate", "find_link", "first_sign_in_link", "join",
    "make_invite", "make_token", "reactivate", "revoke_token", "set_admin", "set_password", "set_theme", "sign_in",
    "sign_in_link", "signed_out", "token_of", "use_link", "user_of_token",
]  # fmt: skip

SIGN_IN_LIFE, INVITE_LIFE = timedelta(days=1), timedelta(days=7)
MAX_TOKENS = 50


class LinkGone(LookupError):
    """This link was used, has expired or never existed: the three are the same answer."""


class Invalid(ValueError):
    """Something about an account cannot be as asked; `errors` maps each field to its sentences."""

    def __init__(self, errors: Mapping[str, list[str]]) -> None:
        super().__init__("; ".join(sentence for sentences in errors.values() for sentence in sentences))
        self.errors = dict(errors)


class SignInFailed(WrongSecret):
    """Name and password do not belong together. Says no more than that."""

    def __init__(self) -> None:
        super().__init__("This name and password do not belong together.")


# ── links that work once ──────────────────────────────────────────────────────────────────────────────────────────
def first_sign_in_link() -> str:
    """The path of a new link that signs the first admin in (made here if there is none); earlier ones stop working."""
    with transaction.atomic():
        admin = User.objects.filter(is_staff=True, is_active=True).order_by("pk").first() or _make_admin()
        OneTimeLink.objects.filter(kind=OneTimeLink.SIGN_IN, user=admin, created_by=None, used=None).delete()
        return _link(OneTimeLink.SIGN_IN, SIGN_IN_LIFE, user=admin)


def _make_admin() -> User:
    """Called `admin`, or the like where a former member is."""
    taken = set(User.objects.filter(username__startswith="admin").values_list("username", flat=True))
    name = next(name for name in ("admin", *(f"admin{n}" for n in range(2, len(taken) + 3))) if name not in taken)
    admin = User(username=name, is_staff=True, is_superuser=True)
    admin.set_unusable_password()
    admin.save()
    return admin


def sign_in_link(user: User, created_by: User) -> str:
    """The path of a link of an admin that signs `user` in once, within a day. Raises PermissionError, or Invalid."""
    _admins_only(created_by)
    if not User.objects.filter(pk=user.pk, is_active=True).exists():
        raise Invalid({"user": [f"{user.shown_name} is no longer a member: make them one again first."]})
    return _link(OneTimeLink.SIGN_IN, SIGN_IN_LIFE, user=user, created_by=created_by)


def make_invite(admin: User) -> str:
    """The path of a link by which one person joins the team, within a week. Raises PermissionError."""
    _admins_only(admin)
    return _link(OneTimeLink.INVITE, INVITE_LIFE, created_by=admin)


def _link(kind: str, life: timedelta, **fields: Any) -> str:
    token = new_secret()
    OneTimeLink.objects.create(kind=kind, token_hash=hash_secret(token), expires=timezone.now() + life, **fields)
    return f"{settings.PATH}/sign-in/{token}"


def find_link(token: str, address: str = "") -> OneTimeLink:
    """The link behind `token`, unused. Its `kind` says whether to call `use_link` or `join`.

    Raises LinkGone, or TooManyGuesses of that address.
    """
    with guesses.made(address, token) as hashed:
        link = OneTimeLink.objects.select_related("user", "created_by").filter(token_hash=hashed, used=None).first()
        if link is None or not _works(link):
            raise LinkGone
    return link


def _works(link: OneTimeLink) -> bool:
    """Not expired, its maker still an admin (the first link has none), who it signs in still a member."""
    maker, user = link.created_by, link.user
    made = maker is None or (maker.is_active and maker.is_staff)
    return link.expires > timezone.now() and made and (user is None or user.is_active)


def use_link(token: str, address: str = "") -> User:
    """Use up a sign-in link; returns who it signs in. Raises LinkGone."""
    link = find_link(token, address)
    if link.user is None or not _use(link):
        raise LinkGone
    return link.user


def join(token: str, username: str, password: str, address: str = "") -> User:
    """Use up an invitation: a new member. Raises LinkGone, or Invalid (the link then still works)."""
    link = find_link(token, address)
    if link.kind != OneTimeLink.INVITE:
        raise LinkGone
    user = User(username=username.strip())
    _check_account(user, password)
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save()
            if not _use(link):
                raise LinkGone
    except IntegrityError:
        raise Invalid({"username": ["This name is taken."]}) from None
    return user


def _use(link: OneTimeLink) -> bool:
    return OneTimeLink.objects.filter(pk=link.pk, used=None).update(used=timezone.now()) == 1


def _check_account(user: User, password: str) -> None:
    errors: dict[str, list[str]] = {}
    try:
        UnicodeUsernameValidator()(user.username)
        if len(user.username) > 40:
            raise ValidationError("A name may have 40 characters.")
        if User.objects.filter(username__iexact=user.username).exists() or user.username.lower() == "me":
            raise ValidationError("This name is taken.")
    except ValidationError as error:
        errors["username"] = error.messages
    errors |= _password_errors(user, password)
    if errors:
        raise Invalid(errors)


def _password_errors(user: User, password: str) -> dict[str, list[str]]:
    try:
        validate_password(password, user)
    except ValidationError as error:
        return {"password": error.messages}
    return {}


# ── signing in ────────────────────────────────────────────────────────────────────────────────────────────────────
def sign_in(username: str, password: str, address: str, device: str = "") -> User:
    """Who `username` is, if the password is right; `device` is what `attempts.device_of` gave this browser before.

    Raises SignInFailed, TooManyAttempts, or Busy.
    """
    with attempts.counted(attempts.keys(username, address, device)):
        user = authenticate(username=username, password=password)
        if not isinstance(user, User):
            raise SignInFailed
    return user


def signed_out(session_key: str | None) -> None:
    """A session has ended: what is open through it closes."""
    if session_key:
        close_session(passes.named(session_key))


def set_password(user: User, old: str, new: str, session_key: str | None = None) -> None:
    """Change or first set the password of `user`; their sessions end but for the one given.

    Raises Invalid, TooManyAttempts, or PermissionError of one who is no member.
    """
    _members_only(user)
    if user.has_usable_password():
        _check_old(user, old)
    if errors := _password_errors(user, new):
        raise Invalid(errors)
    user.set_password(new)
    with transaction.atomic():
        user.save(update_fields=["password"])
        transaction.on_commit(partial(close_sessions, user.pk, passes.named(session_key)))


class _WrongOld(WrongSecret):
    """Not the password so far."""


def _check_old(user: User, old: str) -> None:
    try:
        with attempts.counted([attempts.OLD_PASSWORD.of(str(user.pk))]):
            if not user.check_password(old):
                raise _WrongOld
    except _WrongOld:
        raise Invalid({"old": ["This is not your password."]}) from None


def set_theme(user: User, theme: str) -> None:
    """What the pages of `user` look like on the next browser they sign in with: system, light or dark."""
    _members_only(user)
    User.objects.filter(pk=user.pk).update(theme=theme)


# ── API tokens ────────────────────────────────────────────────────────────────────────────────────────────────────
def make_token(user: User, name: str = "") -> tuple[ApiToken, str]:
    """A key to the API with the rights of `user`, and its secret, which is shown this once. Raises Invalid."""
    _members_only(user)
    name = " ".join(name.split())
    if len(name) > 80:
        raise Invalid({"name": ["A name may have 80 characters."]})
    if user.tokens.count() >= MAX_TOKENS:
        raise Invalid({"name": [f"You have {MAX_TOKENS} tokens: revoke one first."]})
    secret = new_secret()
    return ApiToken.objects.create(user=user, name=name, token_hash=hash_secret(secret)), secret


def revoke_token(user: User, token_id: int) -> bool:
    """Revoke one of the tokens of `user`; False if there is no such one. Sockets that it opened close."""
    _members_only(user)
    with transaction.atomic():
        transaction.on_commit(partial(close_token, token_id))
        return ApiToken.objects.filter(user=user, pk=token_id).delete()[0] == 1


def user_of_token(secret: str, address: str = "") -> User | None:
    """The active member whose key this is. Raises TooManyGuesses of that address."""
    token = token_of(secret, address)
    return token.user if token else None


def token_of(secret: str, address: str = "") -> ApiToken | None:
    """The key, if it is a member's, noting when it was last used (to the minute: a write a request is dear)."""
    try:
        with guesses.made(address, secret) as hashed:
            token = ApiToken.objects.select_related("user").filter(token_hash=hashed, user__is_active=True).first()
            if token is None:
                raise LookupError
    except LookupError:
        return None
    now = timezone.now()
    if token.last_used is None or now - token.last_used > timedelta(minutes=1):
        optionally(ApiToken.objects.filter(pk=token.pk).update, last_used=now)
    return token


# ── membership ────────────────────────────────────────────────────────────────────────────────────────────────────
def _admins_only(user: User) -> None:
    """By the account as it is stored now."""
    if not User.objects.filter(pk=user.pk, is_active=True, is_staff=True).exists():
        raise PermissionError("Only admins may do this.")


def _members_only(user: User) -> None:
    if not user.is_active:
        raise PermissionError("Only members may do this.")


def deactivate(admin: User, user: User) -> None:
    """End a membership: sockets close at once, sessions, tokens and links are over for good; the runs stay.

    Raises PermissionError, or Invalid for oneself: so there is always an admin left.
    """
    with transaction.atomic():
        _locked(admin, user)
        if user.pk == admin.pk:
            raise Invalid({"user": ["You cannot end your own membership: ask another admin."]})
        User.objects.filter(pk=user.pk).update(is_active=False, session_epoch=F("session_epoch") + 1)
        ApiToken.objects.filter(user=user).delete()
        OneTimeLink.objects.filter(Q(user=user) | Q(created_by=user), used=None).delete()
        withdraw(Share.objects.filter(created_by=user))
        transaction.on_commit(partial(close_user, user.pk))


def _locked(admin: User, user: User) -> None:
    """Two admins who end each other's rights at once: the second is none any more. Raises PermissionError."""
    list(User.objects.select_for_update().filter(pk__in=(admin.pk, user.pk)).order_by("pk"))
    _admins_only(admin)


def reactivate(admin: User, user: User) -> None:
    """Make somebody a member again; tokens and links have to be made anew. Raises PermissionError."""
    _admins_only(admin)
    User.objects.filter(pk=user.pk).update(is_active=True)


def set_admin(admin: User, user: User, is_admin: bool) -> None:
    """Give or take an admin's rights. Raises PermissionError, or Invalid for oneself."""
    with transaction.atomic():
        _locked(admin, user)
        if user.pk == admin.pk:
            raise Invalid({"user": ["You cannot change your own role: ask another admin."]})
        User.objects.filter(pk=user.pk).update(is_staff=is_admin, is_superuser=is_admin)
