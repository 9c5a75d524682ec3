"""Everything that is done to accounts: links that work once, sign-in, API tokens, membership."""

from __future__ import annotations

import hashlib
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
from django.utils import timezone

from ffweb.live.push import close_share, close_user
from ffweb.people.models import ApiToken, Attempt, OneTimeLink, User, hash_secret, new_secret
from ffweb.runs.models import Share

SIGN_IN_LIFE, INVITE_LIFE = timedelta(days=1), timedelta(days=7)
MAX_FAILURES, LOCK = 5, timedelta(minutes=5)
MAX_TOKENS = 50


class LinkGone(LookupError):
    """This link was used, has expired or never existed: the three are the same answer."""


class Invalid(ValueError):
    """Something about an account cannot be as asked; `errors` maps each field to its sentences."""

    def __init__(self, errors: Mapping[str, list[str]]) -> None:
        super().__init__("; ".join(sentence for sentences in errors.values() for sentence in sentences))
        self.errors = dict(errors)


class SignInFailed(Exception):
    """Name and password do not belong together. Says no more than that."""

    def __init__(self) -> None:
        super().__init__("This name and password do not belong together.")


class TooManyAttempts(Exception):
    """Five failures in five minutes: wait `seconds`."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Too many failed attempts. Try again in {max(1, -(-seconds // 60))} min.")
        self.seconds = seconds


# ── links that work once ──────────────────────────────────────────────────────────────────────────────────────────
def first_sign_in_link() -> str:
    """The path of a new link that signs the first admin in (made here if there is none); earlier ones stop working."""
    with transaction.atomic():
        admin = User.objects.filter(is_staff=True, is_active=True).order_by("pk").first() or _make_admin()
        OneTimeLink.objects.filter(kind=OneTimeLink.SIGN_IN, user=admin, created_by=None, used=None).delete()
        return sign_in_link(admin)


def _make_admin() -> User:
    admin = User(username="admin", is_staff=True, is_superuser=True)
    admin.set_unusable_password()
    admin.save()
    return admin


def sign_in_link(user: User, created_by: User | None = None) -> str:
    """The path of a link that signs `user` in once, within a day."""
    return _link(OneTimeLink.SIGN_IN, SIGN_IN_LIFE, user=user, created_by=created_by)


def make_invite(admin: User) -> str:
    """The path of a link by which one person joins the team, within a week. Raises PermissionError."""
    _admins_only(admin)
    return _link(OneTimeLink.INVITE, INVITE_LIFE, created_by=admin)


def _link(kind: str, life: timedelta, **fields: Any) -> str:
    token = new_secret()
    OneTimeLink.objects.create(kind=kind, token_hash=hash_secret(token), expires=timezone.now() + life, **fields)
    return f"{settings.PATH}/sign-in/{token}"


def find_link(token: str) -> OneTimeLink:
    """The link behind `token`, unused. Its `kind` says whether to call `use_link` or `join`. Raises LinkGone."""
    link = (
        OneTimeLink.objects.select_related("user", "created_by")
        .filter(token_hash=hash_secret(token), used=None)
        .first()
    )
    if link is None or link.expires <= timezone.now():
        raise LinkGone
    maker_left = link.created_by is not None and not link.created_by.is_active
    if maker_left or (link.user is not None and not link.user.is_active):
        raise LinkGone
    return link


def use_link(token: str) -> User:
    """Use up a sign-in link; returns who it signs in. Raises LinkGone."""
    link = find_link(token)
    if link.user is None or not _use(link):
        raise LinkGone
    return link.user


def join(token: str, username: str, password: str) -> User:
    """Use up an invitation: a new member. Raises LinkGone, or Invalid (the link then still works)."""
    link = find_link(token)
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
def sign_in(username: str, password: str, address: str) -> User:
    """Who `username` is, if the password is right. Raises SignInFailed, or TooManyAttempts."""
    key = hashlib.sha256(f"{username.lower()}\n{address}".encode()).hexdigest()
    _check_attempts(key)
    user = authenticate(username=username, password=password)
    if not isinstance(user, User):
        Attempt.objects.create(key=key)
        raise SignInFailed
    Attempt.objects.filter(key=key).delete()
    return user


def _check_attempts(key: str) -> None:
    """Five failures within `LOCK` lock for `LOCK` from the last of them."""
    now = timezone.now()
    Attempt.objects.filter(at__lte=now - 2 * LOCK).delete()
    times = list(Attempt.objects.filter(key=key).order_by("-at").values_list("at", flat=True)[:MAX_FAILURES])
    locked = len(times) == MAX_FAILURES and times[0] - times[-1] <= LOCK
    if locked and now < times[0] + LOCK:
        raise TooManyAttempts(int((times[0] + LOCK - now).total_seconds()) + 1)


def set_password(user: User, old: str, new: str) -> None:
    """Change or first set the password of `user`. Raises Invalid. Their other sessions end."""
    if user.has_usable_password() and not user.check_password(old):
        raise Invalid({"old": ["This is not your password."]})
    if errors := _password_errors(user, new):
        raise Invalid(errors)
    user.set_password(new)
    user.save(update_fields=["password"])


def set_theme(user: User, theme: str) -> None:
    """What the pages of `user` look like on the next browser they sign in with: system, light or dark."""
    User.objects.filter(pk=user.pk).update(theme=theme)


# ── API tokens ────────────────────────────────────────────────────────────────────────────────────────────────────
def make_token(user: User, name: str = "") -> tuple[ApiToken, str]:
    """A key to the API with the rights of `user`, and its secret, which is shown this once. Raises Invalid."""
    name = " ".join(name.split())
    if len(name) > 80:
        raise Invalid({"name": ["A name may have 80 characters."]})
    if user.tokens.count() >= MAX_TOKENS:
        raise Invalid({"name": [f"You have {MAX_TOKENS} tokens: revoke one first."]})
    secret = new_secret()
    return ApiToken.objects.create(user=user, name=name, token_hash=hash_secret(secret)), secret


def revoke_token(user: User, token_id: int) -> bool:
    """Revoke one of the tokens of `user`; False if there is no such one."""
    return ApiToken.objects.filter(user=user, pk=token_id).delete()[0] == 1


def user_of_token(secret: str) -> User | None:
    """The active member whose key this is, noting when it was last used (to the minute: a write a request is dear)."""
    token = ApiToken.objects.select_related("user").filter(token_hash=hash_secret(secret)).first()
    if token is None or not token.user.is_active:
        return None
    now = timezone.now()
    if token.last_used is None or now - token.last_used > timedelta(minutes=1):
        ApiToken.objects.filter(pk=token.pk).update(last_used=now)
    return token.user


# ── membership ────────────────────────────────────────────────────────────────────────────────────────────────────
def _admins_only(user: User) -> None:
    if not (user.is_active and user.is_staff):
        raise PermissionError("Only admins may do this.")


def deactivate(admin: User, user: User) -> None:
    """End a membership: sockets close at once, sessions, tokens and links stop working; the runs stay.

    Raises PermissionError, or Invalid for oneself: so there is always an admin left.
    """
    _admins_only(admin)
    if user.pk == admin.pk:
        raise Invalid({"user": ["You cannot end your own membership: ask another admin."]})
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(is_active=False)
        ApiToken.objects.filter(user=user).delete()
        OneTimeLink.objects.filter(user=user, used=None).delete()
        transaction.on_commit(partial(close_user, user.pk))
        for share in Share.objects.filter(created_by=user, revoked_at=None).values_list("pk", flat=True):
            transaction.on_commit(partial(close_share, share))


def reactivate(admin: User, user: User) -> None:
    """Make somebody a member again; tokens have to be made anew. Raises PermissionError."""
    _admins_only(admin)
    User.objects.filter(pk=user.pk).update(is_active=True)


def set_admin(admin: User, user: User, is_admin: bool) -> None:
    """Give or take an admin's rights. Raises PermissionError, or Invalid for oneself."""
    _admins_only(admin)
    if user.pk == admin.pk:
        raise Invalid({"user": ["You cannot change your own role: ask another admin."]})
    User.objects.filter(pk=user.pk).update(is_staff=is_admin, is_superuser=is_admin)
