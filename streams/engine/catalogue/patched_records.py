"""Reps and accounts as the patches of their reference records leave them."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from msgspec import UNSET

from streams.engine.calendars.calendar import milliseconds
from streams.events import (
    AccountSet,
    Common,
    RepSet,
    canonical,
    identity,
    order_within,
    patched,
)

Patch = RepSet | AccountSet
NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class RepRecord(NamedTuple):
    """A rep's groups and time zone; None where one is not known."""

    team: str | None = None
    department: str | None = None
    unit: str | None = None
    timezone: str | None = None


class AccountRecord(NamedTuple):
    """What is known of an account; `at` is the instant of its potential."""

    segment: str | None = None
    rep: str | None = None
    potential: str | None = None
    currency: str | None = None
    at: datetime = NEVER
    custom: Mapping[str, str] | None = None


def precedence(record: Common) -> tuple[int, str, bytes]:
    """What decides which record of a key is current, and which version of a record."""
    return milliseconds(record.at), order_within(record), canonical(record)


class PatchHistory:
    """The patches of every key, each once, in the order in which they apply."""

    def __init__(self) -> None:
        self._patches: dict[str, list[Patch]] = {}

    def add(self, patch: Patch) -> bool:
        """Add a patch, in any order; whether it is news, and no older version of one known."""
        patches = self._patches.setdefault(patch.key, [])
        name = identity(patch)
        for number, known in enumerate(patches):
            if identity(known) == name:
                if precedence(known) >= precedence(patch):
                    return False
                del patches[number]
                break
        patches.append(patch)
        if len(patches) > 1:
            patches.sort(key=precedence)
        return True

    def instants(self, key: str) -> list[int]:
        """When a key has had patches, in ascending order, each once."""
        return sorted({milliseconds(patch.at) for patch in self._patches.get(key, ())})

    def fields(self, key: str, until: int | None = None) -> dict[str, Any]:
        """The value of each field that a patch of this key has given, the last one's.

        Up to an instant in milliseconds, or all.
        """
        found: dict[str, Any] = {}
        for patch in self._patches.get(key, ()):
            if until is not None and milliseconds(patch.at) > until:
                break
            for name in patch.__struct_fields__:
                value = getattr(patch, name)
                if value is not UNSET:
                    found[name] = patched(found.get(name), value) if name == "custom" else value
                    if name == "potential":
                        found["potential_at"] = patch.at
        return found


class RepRecords(dict[str, RepRecord]):
    """The current records of reps, by name, and the earlier ones; changed by `apply` alone."""

    def __init__(self) -> None:
        super().__init__()
        self._history = PatchHistory()
        self._over_time: dict[str, tuple[tuple[int, RepRecord], ...]] = {}

    def over_time(self, rep: str) -> tuple[tuple[int, RepRecord], ...]:
        """The records of a rep and since when each holds, in milliseconds, in ascending order."""
        found = self._over_time.get(rep)
        if found is None:
            found = self._over_time[rep] = tuple(
                (at, self._record(rep, at)) for at in self._history.instants(rep)
            )
        return found

    def _record(self, rep: str, until: int | None = None) -> RepRecord:
        fields = self._history.fields(rep, until)
        return RepRecord(*(fields.get(name) for name in RepRecord._fields))

    def apply(self, patch: RepSet) -> bool:
        """Apply a patch, in any order; whether the record has changed."""
        if not self._history.add(patch):
            return False
        self._over_time.pop(patch.rep, None)
        old = self.get(patch.rep)
        new = self[patch.rep] = self._record(patch.rep)
        return new != old


class AccountRecords(dict[str, AccountRecord]):
    """The current records of accounts, by name; read-only except for `apply`."""

    def __init__(self, pseudonym: Callable[[str], str]) -> None:
        """Start empty; `pseudonym` gives that of an account."""
        super().__init__()
        self._history = PatchHistory()
        self._pseudonym = pseudonym
        # Names by pseudonym, which takes time: None as long as no account was merged.
        self._names: dict[str, str] | None = None

    def merged(self, pseudonym: str) -> tuple[str, AccountRecord] | None:
        """The name and the record of a merged account, of which only the pseudonym is known."""
        if self._names is None:
            self._names = {self._pseudonym(name): name for name in self}
        name = self._names.get(pseudonym)
        return None if name is None else (name, self[name])

    def apply(self, patch: AccountSet) -> bool:
        """Apply a patch, in any order; whether the record has changed."""
        if not self._history.add(patch):
            return False
        old, fields = self.get(patch.account), self._history.fields(patch.account)
        if old is None and self._names is not None:
            self._names[self._pseudonym(patch.account)] = patch.account
        new = self[patch.account] = AccountRecord(
            fields.get("segment"),
            fields.get("rep"),
            fields.get("potential"),
            fields.get("currency"),
            fields.get("potential_at", NEVER),
            fields.get("custom"),
        )
        return new != old
