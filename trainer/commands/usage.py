"""How a command reads what was typed, and how it says what is wrong with it. Imports no torch."""

from __future__ import annotations

import json
from typing import Any

from trainer.errors import ConfigError, Problem


def change(text: str) -> tuple[str, Any]:
    """`a.b=v` as (path, value): JSON where it is JSON, else the text itself. Raises ConfigError."""
    path, equals, value = text.partition("=")
    if not equals or not path:
        raise ConfigError([wrong("set", f"{text!r} is no change; write a.b=value, such as objective.theta=1.5")])
    try:
        return path, json.loads(value)
    except ValueError:
        return path, value
    except RecursionError as error:
        raise ConfigError([wrong(path, "is nested too deep to be a setting")]) from error


def wrong(loc: str, msg: str) -> Problem:
    """A problem with how the command was used."""
    return {"loc": loc, "msg": msg, "type": "usage"}


def sentence(problem: Problem) -> str:
    """One line for a terminal."""
    return f"{problem['loc']}: {problem['msg']}" if problem["loc"] else problem["msg"]
