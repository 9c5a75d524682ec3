"""Every message of the live path: those that processes send each other, and those that a browser receives.

Sender and consumer share these, so that a field cannot be renamed on one side alone.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

# ── between processes, over the channel layer: hints; the truth is in the database ──────────────────────────────────


class RunEvents(TypedDict):
    """New events of a run are stored. `text` is the browser's message, built once for all sockets; None: read it.

    `share` is what a share may see of it; None where that is the same. `opens`: its first event is a `start`.
    """

    type: Literal["run.events"]
    seq0: int
    seq: int
    text: str | None
    share: str | None
    opens: bool


class RunChanged(TypedDict):
    """The row of a run changed."""

    type: Literal["run.changed"]
    id: str


class ShareClosed(TypedDict):
    """A share was revoked."""

    type: Literal["share.closed"]


class UserClosed(TypedDict):
    """A member was deactivated."""

    type: Literal["user.closed"]


class PassEnded(TypedDict):
    """What let readers in is over: a session, a token. `kept`: the session that goes on, under another key."""

    type: Literal["pass.ended"]
    kept: str


LayerMessage = RunEvents | RunChanged | ShareClosed | UserClosed | PassEnded


# ── to the browser ────────────────────────────────────────────────────────────────────────────────────────────────


class Hello(TypedDict):
    """The first message: the run as it stands and the seq of its last stored event."""

    type: Literal["hello"]
    run: dict[str, Any]
    seq: int


class RunMessage(TypedDict):
    """The run changed: the whole run, or only `id` and what moves all the time (status, progress, queue_position).

    So merge it into the run you have. Live values are not repeated here; they come as events.
    """

    type: Literal["run"]
    run: dict[str, Any]


class Columns(TypedDict):
    """Consecutive `metrics` events, column by column; `axis/epoch`, `axis/time` … are among the values.

    In a column null means "not reported at that step"; "nan", "inf" and "-inf" stand for the numbers JSON has not.
    """

    seq: list[int]
    step: list[int]
    values: dict[str, list[float | str | None]]


class Events(TypedDict):
    """Events in order, each once. A `start` is always the first of its message, so it comes before the columns."""

    type: Literal["events"]
    events: list[dict[str, Any]]
    metrics: NotRequired[Columns]
    seq: int


class Reload(TypedDict):
    """Your cursor is too old to replay: fetch the series by HTTP. This socket goes on with what comes after `seq`."""

    type: Literal["reload"]
    seq: int


class Runs(TypedDict):
    """Rows of the table that changed."""

    type: Literal["runs"]
    items: list[dict[str, Any]]


class Beat(TypedDict):
    """There is no news. What has not been heard of for two of these has no contact: silence is not quiet."""

    type: Literal["beat"]


ToBrowser = Hello | RunMessage | Events | Reload | Runs | Beat

# Close codes, sent after accept: before it a browser sees only 1006.
MALFORMED, SIGN_IN, NO_SUCH_RUN, SHARE_GONE = 4400, 4401, 4404, 4410
COME_AGAIN, LATER = 1012, 1013  # the page connects anew: at once with the cookie it has by then; when there is room


def run_group(run_id: str) -> str:
    return f"run.{run_id}"


def share_group(share_id: int) -> str:
    return f"share.{share_id}"


def user_group(user_id: int) -> str:
    return f"user.{user_id}"


def session_group(session: str) -> str:
    return f"session.{session}"


def sessions_group(user_id: int) -> str:
    return f"sessions.{user_id}"


def token_group(token_id: int) -> str:
    return f"token.{token_id}"


RUNS_GROUP = "runs"
