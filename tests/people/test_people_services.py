"""Links that work once, sign-in and its rate limit, tokens, membership."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from ffweb.people import attempts, services
from ffweb.people.models import ApiToken, Attempt, OneTimeLink, User
from ffweb.people.services import Invalid, LinkGone, SignInFailed, TooManyAttempts

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough secret"


@pytest.fixture
def admin() -> User:
    return User.objects.create_user("admin", password=PASSWORD, is_staff=True)


@pytest.fixture
def bob() -> User:
    return User.objects.create_user("bob", password=PASSWORD)


def token_of(path: str) -> str:
    assert path.startswith("/sign-in/")
    return path.removeprefix("/sign-in/")


def test_first_link_makes_the_admin_and_works_once() -> None:
    token = token_of(services.first_sign_in_link())
    admin = services.use_link(token)
    assert (admin.username, admin.is_staff, admin.has_usable_password()) == ("admin", True, False)
    with pytest.raises(LinkGone):
        services.use_link(token)


def test_a_new_first_link_ends_the_one_before() -> None:
    old, new = (token_of(services.first_sign_in_link()) for _ in range(2))
    with pytest.raises(LinkGone):
        services.use_link(old)
    assert services.use_link(new) == User.objects.get()


def test_links_are_stored_hashed() -> None:
    token = token_of(services.first_sign_in_link())
    assert token not in str(list(OneTimeLink.objects.values()))


def test_links_expire(admin: User) -> None:
    token = token_of(services.make_invite(admin))
    OneTimeLink.objects.update(expires=timezone.now())
    with pytest.raises(LinkGone):
        services.find_link(token)


def test_an_invitation_makes_one_member(admin: User) -> None:
    token = token_of(services.make_invite(admin))
    member = services.join(token, " carol ", PASSWORD)
    assert (member.username, member.is_staff) == ("carol", False)
    with pytest.raises(LinkGone):
        services.join(token, "dave", PASSWORD)
    assert not User.objects.filter(username="dave").exists()


@pytest.mark.parametrize(
    ("username", "password", "field"),
    [("bob", PASSWORD, "username"), ("BOB", PASSWORD, "username"), ("a b", PASSWORD, "username"),
     ("", PASSWORD, "username"),
     ("me", PASSWORD, "username"), ("x" * 41, PASSWORD, "username"), ("carol", "short", "password")],
)  # fmt: skip
def test_an_account_that_cannot_be_leaves_the_invitation_open(
    admin: User, bob: User, username: str, password: str, field: str
) -> None:
    token = token_of(services.make_invite(admin))
    with pytest.raises(Invalid) as error:
        services.join(token, username, password)
    assert list(error.value.errors) == [field]
    assert services.join(token, "carol", PASSWORD)


def test_an_invitation_does_not_sign_in_nor_a_sign_in_link_invite(admin: User) -> None:
    with pytest.raises(LinkGone):
        services.use_link(token_of(services.make_invite(admin)))
    with pytest.raises(LinkGone):
        services.join(token_of(services.sign_in_link(admin, admin)), "carol", PASSWORD)


def test_only_admins_invite(bob: User) -> None:
    with pytest.raises(PermissionError):
        services.make_invite(bob)


def test_sign_in(bob: User) -> None:
    assert services.sign_in("bob", PASSWORD, "1.2.3.4") == bob
    with pytest.raises(SignInFailed):
        services.sign_in("bob", "wrong", "1.2.3.4")
    with pytest.raises(SignInFailed):
        services.sign_in("nobody", PASSWORD, "1.2.3.4")


def fail(times: int, name: str = "bob", address: str = "1.2.3.4") -> None:
    for _ in range(times):
        with pytest.raises(SignInFailed):
            services.sign_in(name, "wrong", address)


def test_five_failures_lock_name_and_address_together(bob: User) -> None:
    fail(5)
    with pytest.raises(TooManyAttempts) as error:
        services.sign_in("Bob", PASSWORD, "1.2.3.4")
    assert 290 <= error.value.seconds <= 301
    assert services.sign_in("bob", PASSWORD, "5.6.7.8") == bob
    fail(1, name="alice")


def test_the_lock_ends_after_five_minutes_and_slow_failures_do_not_lock(bob: User) -> None:
    fail(5)
    now = timezone.now()
    Attempt.objects.update(at=now - timedelta(minutes=5))
    assert services.sign_in("bob", PASSWORD, "1.2.3.4") == bob
    for minutes in range(5):
        key_time = now - timedelta(minutes=1.5 * minutes)
        Attempt.objects.create(key="k", at=key_time)
    with attempts.counted([attempts.Key("k", 5)]):
        pass


def test_a_success_forgets_the_failures(bob: User) -> None:
    fail(4)
    services.sign_in("bob", PASSWORD, "1.2.3.4")
    fail(4)


def test_tokens_are_stored_hashed_and_revoked(bob: User, admin: User) -> None:
    token, secret = services.make_token(bob, " my  laptop ")
    assert token.name == "my laptop"
    assert secret not in str(list(ApiToken.objects.values()))
    assert services.user_of_token(secret) == bob
    assert ApiToken.objects.get().last_used is not None
    assert not services.revoke_token(admin, token.pk)
    assert services.revoke_token(bob, token.pk)
    assert services.user_of_token(secret) is None


def test_the_number_of_tokens_is_bounded(bob: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "MAX_TOKENS", 1)
    services.make_token(bob)
    with pytest.raises(Invalid):
        services.make_token(bob)


def test_ending_a_membership_ends_everything(
    admin: User, bob: User, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: object
) -> None:
    closed: list[int] = []
    monkeypatch.setattr(services, "close_user", closed.append)
    _, secret = services.make_token(bob)
    link = token_of(services.sign_in_link(bob, admin))
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        services.deactivate(admin, bob)
    assert closed == [bob.pk]
    assert services.user_of_token(secret) is None
    with pytest.raises(LinkGone):
        services.use_link(link)
    with pytest.raises(SignInFailed):
        services.sign_in("bob", PASSWORD, "1.2.3.4")
    services.reactivate(admin, bob)
    assert services.sign_in("bob", PASSWORD, "1.2.3.4") == bob


def test_invitations_of_one_who_left_do_not_work(admin: User, bob: User) -> None:
    services.set_admin(admin, bob, True)
    bob.refresh_from_db()
    token = token_of(services.make_invite(bob))
    services.deactivate(admin, bob)
    with pytest.raises(LinkGone):
        services.join(token, "carol", PASSWORD)


def test_an_admin_cannot_lock_all_out(admin: User, bob: User) -> None:
    with pytest.raises(Invalid):
        services.deactivate(admin, admin)
    with pytest.raises(Invalid):
        services.set_admin(admin, admin, False)
    with pytest.raises(PermissionError):
        services.deactivate(bob, admin)


def test_password_changes_need_the_old_one_unless_there_is_none(bob: User) -> None:
    with pytest.raises(Invalid) as error:
        services.set_password(bob, "wrong", PASSWORD)
    assert list(error.value.errors) == ["old"]
    services.set_password(bob, PASSWORD, "another long secret")
    assert services.sign_in("bob", "another long secret", "1.2.3.4") == bob
    bob.set_unusable_password()
    with pytest.raises(Invalid) as error:
        services.set_password(bob, "", "short")
    assert list(error.value.errors) == ["password"]
    services.set_password(bob, "", PASSWORD)
