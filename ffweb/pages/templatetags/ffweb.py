"""What templates say numbers, times, statuses and modules with: `{% load ffweb %}`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import template
from django.conf import settings
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from ffweb.pages import format as f
from ffweb.pages.modules import preloads
from ffweb.pages.sparkline import path
from ffweb.runs.status import known

register = template.Library()

register.filter("number", f.number)
register.filter("short", f.short)
register.filter("percent", f.percent)
register.filter("points", f.points)
register.filter("bytes", f.size)
register.filter("si", f.si)
register.filter("duration", f.duration)
register.filter("eta", f.eta)
register.filter("quantity", f.quantity)


@register.filter
def unit(text: str) -> SafeString:
    """The number as it is, its unit small and grey after it."""
    head, gap, tail = str(text).partition(f.THIN)
    return format_html('{}<span class="unit">{}</span>', head, tail) if gap else format_html("{}", head)


@register.filter
def bound(text: str) -> str:
    """A text whose numbers keep their percent signs on the line."""
    return text.replace(" %", f"{f.THIN}%")


def as_time(when: datetime | str | None) -> datetime | None:
    """Payloads carry ISO strings, models datetimes."""
    return datetime.fromisoformat(when) if isinstance(when, str) else when


@register.filter
def ago(when: datetime | str | None) -> SafeString:
    """A <time> in words; frame.js keeps it fresh."""
    moment = as_time(when)
    if moment is None:
        return mark_safe(f'<span aria-label="none">{f.NONE}</span>')
    return format_html(
        '<time class="ago" datetime="{}" title="{}">{}</time>',
        moment.isoformat(),
        f.exact(moment),
        f.ago(moment, timezone.now()),
    )


@register.filter
def exact(when: datetime | str | None) -> str:
    moment = as_time(when)
    return f.NONE if moment is None else f.exact(moment)


@register.filter
def plural(count: int, words: str) -> str:
    """`{{ n|plural:"run,runs" }}`: 1 run, 2 runs."""
    one, many = words.split(",")
    return f"{f.number(count)} {one if count == 1 else many}"


@register.simple_tag
def icon(name: str) -> SafeString:
    """An icon of templates/parts/icons.html."""
    return format_html('<svg class="glyph" aria-hidden="true"><use href="#i-{}"/></svg>', name)


@register.simple_tag
def pill(status: str) -> SafeString:
    """Icon, word and tint of a status."""
    s = known(status)
    return format_html(
        '<span class="pill {}" data-status="{}">{}<span>{}</span></span>', s.tone, s.name, icon(s.icon), s.word
    )


@register.simple_tag
def sparkline(values: list[float | None], done: float = 1.0, label: str = "") -> SafeString:
    """A line of at most 40 values, 108 × 30, as wide as the run is done. js/view/sparkline.js draws the same."""
    return format_html(
        '<svg class="mini" viewBox="0 0 108 30" role="img" aria-label="{}"><path d="{}"/></svg>',
        label,
        path(values, done),
    )


@register.simple_tag
def module(name: str) -> SafeString:
    """A module script, and preloads of what it imports, so that the browser need not find out step by step."""
    script, *rest = preloads(name)
    links = format_html_join("\n", '<link rel="modulepreload" href="{}">', ((url,) for url in rest))
    return format_html('{}\n<script type="module" src="{}"></script>', links, script)


@register.simple_tag
def roots() -> SafeString:
    """For scripts: where the site stands on its host, and what its CSRF cookie is called."""
    return format_html(' data-root="{}" data-csrf="{}"', settings.PATH, settings.CSRF_COOKIE_NAME)


@register.simple_tag(takes_context=True)
def query(context: dict[str, Any], **changes: Any) -> str:
    """The page's query string with some keys changed (None drops one), so that every view keeps its address."""
    params = context["request"].GET.copy()
    for key, value in changes.items():
        params.pop(key, None)
        if value not in (None, ""):
            params[key] = str(value)
    return f"?{params.urlencode()}" if params else "?"
