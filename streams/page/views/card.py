"""A card: one KPI with its change, its last days and its target."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import accumulate
from typing import Any, NamedTuple

from streams.history.store import EndedAlert
from streams.languages.format import Formats, Shown, no_value
from streams.output.keys import LEVELS
from streams.page.access.viewer import Viewer
from streams.page.choice import Choice
from streams.page.definitions.definition import Definition, definition
from streams.page.drawing import spark
from streams.page.live.withdrawn import Withdrawal
from streams.page.targets.form import TargetForm, target_form
from streams.page.targets.progress import Bar, bar, target_text
from streams.page.views.shown import Point, Record, ShownRecords

# What grows with every fact: a day without a record had none.
COUNTED = frozenset({"count", "sum"})
# Of these no record means none, which is a number; of all others there is nothing to divide by.
NONE_IS_ZERO = COUNTED | {"level"}
POINTS = 100


class Change(NamedTuple):
    """How far a value is from that of the window before, up to the same day.

    Attributes:
        direction: `up`, `down` or `same`.
        mood: `good`, `bad` or `even`, by what is better of the KPI.
    """

    direction: str
    mood: str
    text: str


class Card(NamedTuple):
    """What a card shows.

    Attributes:
        key: that of its record, without the start.
        target: the target as in the record; empty without one. `target_text` is for people.
        grows: whether a target is approached with time, so that there is a pace.
        form: sets the target; None where nobody may, or of another day.
    """

    kpi: str
    key: str
    title: str
    window: str
    shown: Shown
    parts: str
    change: Change | None
    spark: str
    spark_text: str
    bar: Bar | None
    target: str
    target_text: str
    grows: bool
    form: TargetForm | None
    definition: Definition | None
    better: str
    is_hero: bool = False


class Source(NamedTuple):
    """Where the views get everything from.

    Attributes:
        now: the instant that is shown, in the reporting zone.
        alerts: those of the chosen scope; of another day those that stand to this day.
        links: addresses in CRMs, as in the rules file.
        viewer: who looks.
        withdrawn: the alerts of the chosen scope that were withdrawn today, the newest first.
        ended: those of another day that have ended since.
    """

    choice: Choice
    now: datetime
    records: ShownRecords
    alerts: Sequence[Record]
    catalogue: Mapping[str, Mapping[str, Any]]
    formats: Formats
    links: Mapping[str, str]
    viewer: Viewer
    withdrawn: Sequence[Withdrawal]
    ended: Sequence[EndedAlert]

    def text(self, key: str, **values: object) -> str:
        """Give a text in the reader's language."""
        return self.formats.language.text(key, **values)

    def has(self, kpi: str) -> bool:
        """Whether the company counts a KPI at all."""
        return kpi in self.catalogue

    def unit(self, kpi: str) -> str:
        """Return the unit of a KPI's records."""
        return str(self.catalogue.get(kpi, {}).get("unit", "count"))

    def kind(self, kpi: str) -> str:
        """Return which parts a KPI's records have."""
        return str(self.catalogue.get(kpi, {}).get("kind", ""))

    def values(self, kpi: str, points: Sequence[Point]) -> list[float | None]:
        """Return the days' values; a day without a record is 0 of what is counted.

        A level is then what it was on the day before.
        """
        kind = self.kind(kpi)
        none = 0.0 if kind in COUNTED else None
        values = [none if p.record is None else headline(p.record) for p in points]
        if kind in LEVELS:
            values = [*accumulate(values, _held)]
        known = [place for place, point in enumerate(points) if point.record is not None]
        first = known[0] if known else len(points)
        return [
            None if value is None or place < first else float(value)
            for place, value in enumerate(values)
        ]

    def better(self, kpi: str) -> str:
        """Return whether `higher` or `lower` is better."""
        return str(self.catalogue.get(kpi, {}).get("better", "higher"))

    def shown(self, kpi: str, scope: str, window: str) -> Shown:
        """Format a KPI's current value, or why there is none."""
        record = self.records.current(kpi, scope, window)
        if record is None:
            return self.missing(kpi, window)
        return (
            self.formats.value(kpi, headline(record), record["unit"])
            if _has(record)
            else no_value(record["unit"], self._reason(kpi))
        )

    def missing(self, kpi: str, window: str) -> Shown:
        """Format a KPI's value where there is no record: none of what is counted, or unknown.

        A history that was begun after a day knows its levels, and nothing else of the windows that
        ran then.
        """
        is_level = self.kind(kpi) in LEVELS
        if self.choice.as_of and not is_level and not self.records.knows(window):
            return no_value(self.unit(kpi), self.formats.language.text("reason.not_kept"))
        if self.kind(kpi) in NONE_IS_ZERO and not self.records.is_empty:
            return self.formats.value(kpi, 0, self.unit(kpi))
        return no_value(self.unit(kpi), self._reason(kpi))

    def _reason(self, kpi: str) -> str:
        language = self.formats.language
        return language.text(f"reason.{kpi}" if language.has(f"reason.{kpi}") else "reason.none")


def _held(before: Any, value: Any) -> Any:
    return before if value is None else value


def _has(record: Record) -> bool:
    return headline(record) is not None


def headline(record: Record) -> Any:
    """Return the value that stands for a record: the median where there is one."""
    return (record.get("percentiles") or {}).get("p50") or record["value"]


def card(source: Source, kpi: str, scope: str, window: str, *, is_hero: bool = False) -> Card:
    """Build a KPI's card for a scope and a kind of window."""
    record = source.records.current(kpi, scope, window)
    points = source.records.days(kpi, scope)
    language = source.formats.language
    target = None if record is None else record.get("target")
    grows = source.kind(kpi) in COUNTED
    return Card(
        kpi=kpi,
        key=f"{kpi}|{scope}|{window}",
        title=language.title(kpi),
        window=language.text(f"window.{window}"),
        shown=source.shown(kpi, scope, window),
        parts=parts(source, record),
        change=change(source, record),
        spark=spark(source.values(kpi, points)),
        spark_text=_spark_text(source, kpi, points),
        bar=bar(source.formats, record, grows=grows),
        target="" if target is None else str(target),
        target_text=target_text(source.formats, record),
        grows=grows,
        form=_form(source, kpi, scope, window, record),
        definition=_definition(source, kpi, window),
        better=source.better(kpi),
        is_hero=is_hero,
    )


def _definition(source: Source, kpi: str, window: str) -> Definition | None:
    """Give a KPI's definition; None where the catalogue lacks it."""
    entry = source.catalogue.get(kpi)
    if entry is None:
        return None
    return definition(source.formats, entry, source.catalogue.get("settings", {}), window)


def parts(source: Source, record: Record | None) -> str:
    """Write out what a value is made of: a share's two numbers, a duration's spread."""
    if record is None:
        return ""
    values, formats = record["parts"], source.formats
    if "hits" in values:
        hits, total = formats.decimal(values["hits"]), formats.decimal(values["total"])
        return source.text("card.of", hits=hits, total=total)
    spread = record.get("percentiles")
    if spread and spread.get("p90") is not None and record["unit"] == "ms":
        slowest = formats.duration(spread["p90"])
        return source.text("card.median", p90=slowest, mean=formats.duration(record["value"]))
    return ""


def change(source: Source, record: Record | None) -> Change | None:
    """Compare a running window with the one before up to the same day; None where it cannot."""
    if record is None or record.get("change_to_date") is None:
        return None
    if Decimal(str(record["previous_to_date"])) == 0:
        # More than nothing is no praise: the company may not have been counted then.
        return Change("same", "even", source.text("change.new"))
    number = Decimal(str(record["change_to_date"]))
    better = source.better(record["kpi"])
    if number == 0:
        return Change("same", "even", source.text("change.same"))
    rises = number > 0
    is_good = rises == (better == "higher")
    amount = source.formats.difference(record["kpi"], number, record["unit"])
    key = "change.more" if rises else "change.less"
    return Change(
        "up" if rises else "down", "good" if is_good else "bad", source.text(key, amount=amount)
    )


def _form(
    source: Source, kpi: str, scope: str, window: str, record: Record | None
) -> TargetForm | None:
    choice = source.choice
    if choice.as_of or choice.is_tv or not source.viewer.may_set_target(scope):
        return None
    if source.catalogue.get(kpi) is None:
        return None
    start = source.now if record is None else datetime.fromisoformat(record["start"])
    day = start.astimezone(source.now.tzinfo).date()
    place = (kpi, scope, window, day)
    return target_form(source.formats, place, source.unit(kpi), record, choice.address())


def _spark_text(source: Source, kpi: str, points: Sequence[Point]) -> str:
    known = [point for point in points if point.record is not None]
    if not known:
        return ""
    first, last = _point_text(source, kpi, known[0]), _point_text(source, kpi, known[-1])
    return source.text("card.days", first=first, last=last)


def _point_text(source: Source, kpi: str, point: Point) -> str:
    value = None if point.record is None else headline(point.record)
    shown = source.formats.value(kpi, value, source.unit(kpi))
    return f"{_day(source, point.day)} {shown.text}"


def _day(source: Source, day: date) -> str:
    return source.formats.day(day)
