"""Accounts, and the secrets that stand for them. Secrets are stored hashed: a stolen database opens nothing."""

from __future__ import annotations

import hashlib
import secrets

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils import timezone
from django.utils.crypto import salted_hmac


def new_secret() -> str:
    """A token of 192 random bits, as it is shown once to its owner."""
    return secrets.token_urlsafe(24)


def hash_secret(token: str) -> str:
    """What is stored of a token. Random tokens need no salt."""
    return hashlib.sha256(token.encode()).hexdigest()


def initials(name: str) -> str:
    """Two letters for an avatar: of the first two words, else the first two of the only one."""
    words = name.replace("-", " ").replace("_", " ").replace(".", " ").split()
    return ("".join(word[0] for word in words[:2]) if len(words) > 1 else name[:2]).upper()


class User(AbstractUser):
    """A member of the team. An inactive one sees nothing."""

    theme = models.CharField(max_length=8, default="system")  # system | light | dark
    last_seen = models.DateTimeField(null=True, blank=True)
    session_epoch = models.PositiveIntegerField(default=0)  # counts ended memberships: sessions of before stay ended

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What a session has to match: the password, and the epoch once there was one."""
        stands = self.password + (f" {self.session_epoch}" if self.session_epoch else "")
        salt = "django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash"  # as before the epoch: nobody is out
        return salted_hmac(salt, stands, secret=secret, algorithm="sha256").hexdigest()

    @property
    def shown_name(self) -> str:
        return self.get_full_name() or self.username

    @property
    def initials(self) -> str:
        return initials(self.shown_name)


class OneTimeLink(models.Model):
    """A link that works once: the first sign-in (`user` set) or an invitation (`user` made when it is used)."""

    SIGN_IN, INVITE = "sign_in", "invite"

    kind = models.CharField(max_length=8)
    token_hash = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    created_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    created = models.DateTimeField(default=timezone.now)
    expires = models.DateTimeField()
    used = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class ApiToken(models.Model):
    """A key to the HTTP API, with its owner's rights."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=80, blank=True)
    token_hash = models.CharField(max_length=64, unique=True)
    created = models.DateTimeField(default=timezone.now)
    last_used = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.user}: {self.name}"


class Attempt(models.Model):
    """A failed sign-in: five in five minutes for a name from an address lock it for five minutes."""

    key = models.CharField(max_length=120, db_index=True)
    at = models.DateTimeField(default=timezone.now, db_index=True)

    def __str__(self) -> str:
        return self.key
