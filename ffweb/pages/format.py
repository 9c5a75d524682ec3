"""Numbers as people read them: significant digits, true minus, thin spaces before units, SI prefixes.

static/js/view/format.js says the same in the browser, function by function: tests/js/format-cases.json holds both to
it.
Every function takes None (shown "–") and non-finite values (shown "NaN", "∞").
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext

THIN = "\u202f"  # narrow and without a break: between a number and its unit
GAP = "\u00a0"  # between the words of a time: 2 min 51 s
NONE = "–"
PREFIXES = ("", "k", "M", "G", "T", "P", "E")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def odd(value: float | None) -> str | None:
    """What stands for a value that is no number, or None for one that is."""
    if value is None:
        return NONE
    if math.isnan(value):
        return "NaN"
    return None if math.isfinite(value) else ("∞" if value > 0 else "−∞")


def fixed(value: float, decimals: int) -> str:
    """`value` with `decimals` decimals, thousands grouped; halves round away from zero, as toFixed does."""
    if not abs(value) < 1e15:
        return odd(value) or exponent(value, 2)
    rounded = Decimal(abs(value)).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    return f"{'−' if value < 0 and rounded else ''}{rounded:,.{decimals}f}"


def number(value: float | None, digits: int = 3) -> str:
    """`digits` significant digits, never fewer than the whole part has; whole numbers in full: 0.240, 98.2, 1,797."""
    if value is None or odd(value):
        return odd(value) or NONE
    size = abs(value)
    if size == math.floor(size) and size < 1e6:
        return fixed(value, 0)
    if size >= 1e6 or size < 1e-3:
        return exponent(value, digits - 1)
    places = next((i for i in range(-2, 7) if size < 10.0**i), 7)
    return fixed(value, max(0, digits - places))


def exponent(value: float, decimals: int) -> str:
    """2.5e-5: a mantissa without trailing zeros and a short exponent."""
    with localcontext(rounding=ROUND_HALF_UP):
        text = f"{Decimal(value):.{decimals}e}"
    return _trimmed(text)


def _trimmed(text: str) -> str:
    mantissa, _, power = text.partition("e")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{mantissa.replace('-', '−')}e{int(power)}"


def short(value: float | None) -> str:
    """A setting as one would type it: 1e-3, 0.5, 2, 1,437. All its digits are kept."""
    if value is None or odd(value):
        return odd(value) or NONE
    size = abs(value)
    sign = "−" if value < 0 else ""
    if size == 0 or 0.01 <= size < 1e6:
        whole, _, rest = repr(float(size)).partition(".")
        return f"{sign}{int(whole):,}" + (f".{rest}" if rest != "0" else "")
    return sign + _trimmed(f"{Decimal(repr(size)):e}")


def percent(fraction: float | None, decimals: int = 2) -> str:
    """98.21 %: two decimals suit 10,000 test images (a step is 0.01), one suits fewer."""
    if fraction is None or odd(fraction):
        return odd(fraction) or NONE
    return f"{fixed(100 * fraction, decimals)}{THIN}%"


def points(fraction: float | None, decimals: int = 2) -> str:
    """A difference of two shares, signed: −0.27 pt."""
    if fraction is None or odd(fraction):
        return odd(fraction) or NONE
    text = fixed(100 * fraction, decimals)
    zero = not any(digit in text for digit in "123456789")
    return f"{text if fraction <= 0 or zero else '+' + text}{THIN}pt"


def si(value: float | None, unit: str = "", digits: int = 3) -> str:
    """1.42 GB, 21.4 kJ, 40.9 k img/s: decimal prefixes, glued to units but not to words with a slash."""
    if value is None or odd(value):
        return odd(value) or NONE
    power = next((i for i in range(len(PREFIXES)) if abs(value) < 1000.0 ** (i + 1)), len(PREFIXES) - 1)
    text = number(value / 1000.0**power, digits) if power else number(value, digits)
    tail = PREFIXES[power] + (THIN if power and len(unit) > 2 and "/" in unit else "") + unit
    return f"{text}{THIN}{tail}" if tail else text


def size(value: float | None) -> str:
    """Bytes in decimal units: 1.42 GB is 1.42 · 10⁹ bytes."""
    return si(value, "B")


def duration(seconds: float | None) -> str:
    """35.0 µs, 420 ms, 8.4 s, 2 min 51 s, 1 h 12 min, 2 d 3 h: two units at most."""
    if seconds is None or odd(seconds):
        return odd(seconds) or NONE
    if seconds <= 0:
        return f"0{THIN}s"
    if seconds < 1:
        return f"{number(seconds * 1e6)}{THIN}µs" if seconds < 1e-3 else f"{number(seconds * 1e3)}{THIN}ms"
    if seconds < 9.95:
        return f"{fixed(seconds, 1)}{THIN}s"
    return _whole(math.floor(seconds + 0.5))


def _whole(whole: int) -> str:
    for unit, part, scale, below in (("s", "", 1, 60), ("min", "s", 60, 3600), ("h", "min", 3600, 86400)):
        if whole < below:
            return _two(whole, scale, unit, part)
    return _two(whole, 86400, "d", "h")


def _two(seconds: int, scale: int, unit: str, part: str) -> str:
    small = {"": 1, "s": 1, "min": 60, "h": 3600}[part]
    head, rest = divmod(seconds, scale)
    tail = rest // small
    gap = GAP if part else THIN
    return f"{head}{gap}{unit}" + (f" {tail}{GAP}{part}" if part and tail else "")


def eta(seconds: float | None) -> str:
    """A time left, rounded so that it does not flicker; always "about"."""
    if seconds is None or not math.isfinite(seconds):
        return "estimating…"
    step = 5 if seconds < 120 else 10 if seconds < 600 else 60
    return f"about {_whole(max(step, math.floor(seconds / step + 0.5) * step))}"


def quantity(value: float | None, unit: str) -> str:
    """A metric's value with the unit that trainer.metrics gives it."""
    match unit:
        case "fraction":
            return percent(value)
        case "s":
            return duration(value)
        case "B" | "J" | "W" | "img/s" | "windows/s":
            return si(value, unit)
        case "":
            return number(value)
    return number(value) if value is None or odd(value) else f"{number(value)}{THIN}{unit}"


def ago(then: datetime, now: datetime) -> str:
    """just now, 14 min ago, 5 h ago, yesterday, 19 Nov, 19 Nov 2024."""
    seconds = (now - then).total_seconds()
    if seconds < 45:
        return "just now"
    if seconds < 3570:
        return f"{max(1, math.floor(seconds / 60 + 0.5))}{GAP}min ago"
    if seconds < 86400:
        return f"{math.floor(seconds / 3600 + 0.5)}{GAP}h ago"
    if then.date() == (now - timedelta(days=1)).date():
        return "yesterday"
    day = f"{then.day}{GAP}{MONTHS[then.month - 1]}"
    return day if then.year == now.year else f"{day} {then.year}"


def exact(when: datetime) -> str:
    """21 Nov 2025, 14:03:22 UTC."""
    utc = when.astimezone(UTC)
    return f"{utc.day} {MONTHS[utc.month - 1]} {utc.year}, {utc:%H:%M:%S} UTC"
