"""The records that one viewer may see, for views and API; nothing else can be reached from it."""

from collections.abc import Collection, Iterable, Iterator
from typing import Any, NamedTuple, Protocol

from streams.engine.catalogue.catalogue import SETTINGS
from streams.history.store import EndedAlert, PastAlerts
from streams.output.keys import ALL, RecordKey, parse_key
from streams.page.access.viewer import Viewer
from streams.page.live.store import Store, merged
from streams.page.live.subscription import event_id
from streams.page.live.topics import owner_of
from streams.page.live.withdrawn import Withdrawal
from streams.page.selection import Selection

Record = dict[str, Any]
ALL_RECORDS = Selection()
# The rules that name nobody: others say who is paid what, or who is told what.
SHOWN_RULES = frozenset(
    ["alerts", "calendar", "definitions", "dimensions", "forecast", "pipelines"]
)


class KeyedRecord(NamedTuple):
    """A key with its record, exactly as published."""

    key: str
    record: bytes


class Source(Protocol):
    """Where the records of some scopes come from; None stands for all scopes."""

    def select(self, scopes: Collection[str] | None, selection: Selection) -> Iterable[KeyedRecord]:
        """Yield the records of these scopes that a selection has."""


class LiveSource:
    """The records as they are now."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def select(self, scopes: Collection[str] | None, selection: Selection) -> Iterator[KeyedRecord]:
        """Yield the records; nothing may change meanwhile."""
        for entry in merged(self._store.kpis.logs(scopes), 0):
            if entry.record is not None and selection.has(entry.kpi, entry.window, entry.start):
                yield KeyedRecord(entry.key, entry.record)


class PastSource:
    """Records as they stood at an instant, read beforehand."""

    def __init__(self, found: Iterable[KeyedRecord]) -> None:
        self._found: list[tuple[RecordKey, KeyedRecord]] = [
            (parse_key(each.key), each) for each in found
        ]

    def select(self, scopes: Collection[str] | None, selection: Selection) -> Iterator[KeyedRecord]:
        """Yield the records."""
        for at, found in self._found:
            is_wanted = scopes is None or at.scope in scopes
            if is_wanted and selection.has(at.kpi, at.window, at.start):
                yield found


class Visible:
    """What a viewer may see of a source of records, of the alerts and of the catalogue.

    Records are bytes exactly as published.
    """

    def __init__(
        self,
        store: Store,
        viewer: Viewer,
        source: Source | None = None,
        past_alerts: PastAlerts | None = None,
    ) -> None:
        """Without `source` and `past_alerts` it is what there is now."""
        self.viewer = viewer
        self._store = store
        self._source = LiveSource(store) if source is None else source
        self._past_alerts = past_alerts

    def select(self, selection: Selection) -> list[KeyedRecord]:
        """Give the records that are asked for and may be seen, sorted by key."""
        scopes = self.viewer.seen_of(selection.scopes)
        return sorted(
            each
            for each in self._source.select(scopes, selection)
            if self.viewer.may_see(parse_key(each.key).scope)
        )

    def alert_records(self, scopes: Collection[str] | None = None) -> list[KeyedRecord]:
        """Give the alerts that may be seen, sorted by key.

        `all` among `scopes`, or None, asks for those of every rep; else for those of the scopes.
        """
        owners = self._owners(scopes)
        if self._past_alerts is not None:
            return [
                KeyedRecord(key, record)
                for key, record in self._past_alerts.standing
                if owners is None or owner_of(record) in owners
            ]
        logs = self._store.alerts.logs(owners)
        return sorted(
            KeyedRecord(entry.key, entry.record)
            for entry in merged(logs, 0)
            if entry.record is not None
        )

    def ended_alerts(self, scopes: Collection[str] | None = None) -> list[EndedAlert]:
        """Give the alerts of the past that may be seen and have ended since; none of now."""
        owners = self._owners(scopes)
        ended = () if self._past_alerts is None else self._past_alerts.ended
        return [
            each for each in ended if owners is None or (each.rep and f"rep={each.rep}" in owners)
        ]

    def _owners(self, scopes: Collection[str] | None) -> Collection[str] | None:
        """Give whose alerts are asked for and may be seen; None stands for everybody's."""
        return self.viewer.seen_of(None if scopes is None or ALL in scopes else scopes)

    def withdrawn_alerts(self, since_ms: int, scopes: Collection[str]) -> list[Withdrawal]:
        """Give the alerts that may be seen and were withdrawn since an instant, the newest first.

        `all` among `scopes` asks for those of every rep.
        """
        owners = self._owners(scopes)
        found = self._store.withdrawn_alerts.since(since_ms, owners)
        return sorted(found, key=lambda each: (-each.at_ms, each.key))

    def values(self, dimension: str) -> list[str]:
        """Give the values of a dimension that may be seen now, such as reps, sorted."""
        prefix = f"{dimension}="
        return sorted(
            scope.removeprefix(prefix)
            for scope in self._store.kpis.scopes()
            if scope.startswith(prefix) and self.viewer.may_see(scope)
        )

    def first_scope(self) -> str:
        """Give the scope that is shown without a choice: everything, or the first that is seen."""
        seen = self.viewer.seen_of(None)
        return ALL if seen is None else min(seen, key=lambda scope: (scope[:5] != "team=", scope))

    def kpis(self) -> list[Record]:
        """Give the entries of the catalogue, in the order of their names."""
        found = self._store.catalogue
        return [found[name] for name in sorted(self._store.kpi_names)]

    def settings(self) -> Record:
        """Give the settings in force; of the rules only what names nobody, to who is limited."""
        found = self._store.catalogue.get(SETTINGS, {})
        if self.viewer.sees_everything or "rules" not in found:
            return found
        rules = {name: each for name, each in found["rules"].items() if name in SHOWN_RULES}
        return {**found, "rules": rules}

    @property
    def position(self) -> str:
        """The id from which a stream goes on after what is seen now."""
        return event_id(self._store, self._store.advance())

    @property
    def changed_at_ms(self) -> int:
        """When anything that may be seen changed last, in milliseconds since 1970; 0: never."""
        seen = self.viewer.seen_of(None)
        logs = [*self._store.kpis.logs(seen), *self._store.alerts.logs(seen)]
        return max((log.changed_at_ms for log in logs), default=0)
