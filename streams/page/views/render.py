"""Renders a page to HTML that reads without script."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, time
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import orjson
from babel import Locale
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from streams.languages import LANGUAGES
from streams.languages.format import Formats
from streams.languages.language import Language, language
from streams.output.keys import ALL, LEVELS, WINDOWS
from streams.page.choice import ALERTS, VIEWS, Choice
from streams.page.live.withdrawn import Withdrawal
from streams.page.selection import Selection
from streams.page.static_files import static_url
from streams.page.views import alerts as alerts_view
from streams.page.views import marketing, money, people, pipeline, today
from streams.page.views.card import Source
from streams.page.views.shown import Needs, ShownRecords
from streams.page.visible import Visible

TEMPLATES = Path(__file__).parents[1] / "templates"
# What the browser needs to format numbers and to tell how old they are.
BROWSER_TEXTS = ("live", "unit", "noun", "change", "card")
# An hour says too little for most numbers, and few KPIs have it.
WINDOWS_SHOWN = tuple(window for window in WINDOWS if window != "hour")
# Dimensions of which a value can be looked at by itself; a longer list is no help to choose from.
CHOSEN_BY = ("team", "rep")
MOST_SCOPES = 200


class View(NamedTuple):
    """How a view is made."""

    template: str
    needs: Callable[[Choice], Needs]
    build: Callable[[Source], dict[str, Any]]


PAGES = {
    "today": View("today.html", today.needs, today.build),
    "pipeline": View("pipeline.html", pipeline.needs, pipeline.build),
    "people": View("people.html", people.needs, people.build),
    "marketing": View("marketing.html", marketing.needs, marketing.build),
    "money": View("money.html", money.needs, money.build),
    "alerts": View("alerts.html", lambda _: alerts_view.needs(), alerts_view.build),
}
REP_PAGE = View("rep.html", today.needs, people.build_rep)


class Option(NamedTuple):
    """Something to choose."""

    value: str
    text: str
    is_chosen: bool


def render(
    choice: Choice,
    visible: Visible,
    catalogue: dict[str, Any],
    now: datetime,
    links: Mapping[str, str],
) -> str:
    """Give the whole document of a page.

    `catalogue` is what `/api/catalogue` answers to this viewer, `now` the instant that is shown, in
    the reporting zone, `links` are those of the rules file.
    """
    view = view_of(choice)
    # Live ones are published anew in each window.
    levels = _levels(catalogue["kpis"]) if choice.as_of else ()
    records = ShownRecords(visible.select(needed(choice)), view.needs(choice), now, levels)
    alerts = visible.alert_records([alert_scope(choice)]) if _shows_alerts(choice) else []
    entries = {entry["kpi"]: entry for entry in catalogue["kpis"]}
    entries["settings"] = catalogue["settings"]
    decoded = [orjson.loads(alert.record) for alert in alerts]
    source = Source(
        choice,
        now,
        records,
        decoded,
        entries,
        Formats(language(choice.language)),
        links,
        visible.viewer,
        _withdrawn(choice, visible, now),
        visible.ended_alerts([alert_scope(choice)]),
    )
    context = {**_frame(source, visible), **view.build(source)}
    return _environment().get_template(view.template).render(context)


def _shows_alerts(choice: Choice) -> bool:
    """Whether alerts are shown: of another day in their own view alone, which has read them."""
    return choice.as_of is None or choice.view == ALERTS


def _withdrawn(choice: Choice, visible: Visible, now: datetime) -> Sequence[Withdrawal]:
    """Give what was withdrawn since midnight, for the view that shows it."""
    if choice.view != ALERTS or choice.as_of:
        return ()
    midnight = datetime.combine(now.date(), time(), now.tzinfo)
    return visible.withdrawn_alerts(int(midnight.timestamp() * 1_000), [alert_scope(choice)])


def _levels(entries: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    return frozenset(each["kpi"] for each in entries if each["kind"] in LEVELS)


def view_of(choice: Choice) -> View:
    """Return how the chosen page is made."""
    return PAGES[choice.view] if choice.rep is None else REP_PAGE


def alert_scope(choice: Choice) -> str:
    """Return whose alerts are shown: those of a rep, else all, as alerts name reps alone."""
    scope = today.scope_of(choice)
    return scope if scope.startswith("rep=") else ALL


def needed(choice: Choice) -> Selection:
    """Return the records that a page is made of."""
    needs = view_of(choice).needs(choice)
    scopes = None if needs.dimensions else tuple(sorted(needs.scopes))
    return Selection(kpis=needs.kpis, scopes=scopes, windows=needs.windows)


def _frame(source: Source, visible: Visible) -> dict[str, Any]:
    choice, texts = source.choice, source.formats.language
    return {
        "choice": choice,
        "page": "rep" if choice.rep is not None else choice.view,
        "language": texts,
        "t": texts.text,
        "asset": static_url,
        "views": [
            (view, choice.address(view), texts.text(f"view.{view}"), view == choice.view)
            for view in VIEWS
        ],
        "alert_count": source.formats.decimal(len(source.alerts)) if source.alerts else "",
        "scopes": [
            Option(each, _scope_text(texts, each), each == choice.scope)
            for each in _scopes(choice, visible)
        ],
        "windows": [
            Option(each, texts.text(f"window.{each}"), each == choice.window)
            for each in WINDOWS_SHOWN
        ],
        "languages": [Option(each, _own_name(each), each == choice.language) for each in LANGUAGES],
        "today": source.now.date().isoformat(),
        "now_ms": int(source.now.timestamp() * 1_000),
        "alerts_note": _alerts_note(source),
        "is_empty": choice.view != ALERTS and not choice.as_of and source.records.is_empty,
        "stream": stream_address(choice, source.catalogue),
        "browser_texts": orjson.dumps(texts.texts(*BROWSER_TEXTS)).decode(),
        "browser_form": orjson.dumps(source.formats.browser_form(_currency(source))).decode(),
        "alerts_shown": len(source.alerts),
        **_as_of(source),
    }


def _alerts_note(source: Source) -> str:
    is_other = alert_scope(source.choice) == ALL and source.choice.scope != ALL
    return source.text("alerts.all_reps") if is_other and source.alerts else ""


def _currency(source: Source) -> str:
    return str(source.catalogue["settings"].get("currency", "EUR"))


def _as_of(source: Source) -> dict[str, str]:
    """Say of which instant everything is, and how to get back to now."""
    settings = source.catalogue["settings"]
    updated = source.text(
        "frame.updated",
        moment=source.formats.moment(source.now),
        zone=settings.get("timezone", source.now.tzname()),
    )
    day = source.formats.day(source.now.date())
    return {
        "updated": updated,
        "frozen": source.text("frame.frozen", day=day) if source.choice.as_of else "",
        "now_address": source.choice.address(as_of=None),
        "leave_tv": source.choice.address(is_tv=False),
    }


def _scopes(choice: Choice, visible: Visible) -> list[str]:
    seen = [ALL] if visible.viewer.may_see(ALL) else []
    for dimension in CHOSEN_BY:
        seen += [f"{dimension}={value}" for value in visible.values(dimension)]
    return list(dict.fromkeys([*seen[:MOST_SCOPES], choice.scope]))


def _scope_text(texts: Language, scope: str) -> str:
    dimension, _, value = scope.partition("=")
    if not value:
        return texts.text("scope.all")
    key = f"dimension.{dimension}"
    return f"{texts.text(key) if texts.has(key) else dimension}: {value}"


def _own_name(code: str) -> str:
    name = Locale.parse(code).get_display_name(code) or code
    return name[:1].upper() + name[1:]


def stream_address(choice: Choice, catalogue: Mapping[str, Any]) -> str:
    """Return the address of the stream that keeps a page current; none for another day.

    It names KPIs that there are alone. A page of alerts asks for one, as naming none means all.
    """
    if choice.as_of is not None:
        return ""
    needs = view_of(choice).needs(choice)
    names = sorted(name for name in catalogue if name != "settings")
    kpis = [name for name in names if name in needs.kpis] or names[:1]
    pairs = [("kpi", kpi) for kpi in kpis]
    # Days make the lines of tables, which the stream does not redraw; of all values they are many.
    windows = {choice.window} if needs.dimensions else needs.windows or {"day"}
    pairs += [("window", window) for window in sorted(windows)]
    if not needs.dimensions:
        pairs += [("scope", scope) for scope in sorted({*needs.scopes, alert_scope(choice)})]
    return f"/api/stream?{urlencode(pairs)}"


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
