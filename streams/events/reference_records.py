"""Records of the reference topics: reps, accounts, rates, spend, targets."""

from datetime import date

from msgspec import UNSET, UnsetType

from streams.events.common import Common
from streams.events.fields import (
    Amount,
    Currency,
    Custom,
    Label,
    LabelKey,
    Media,
    Name,
    Potential,
    Rate,
    Scope,
    WindowKind,
)


class ReferenceRecord(Common, frozen=True, kw_only=True, gc=False):
    """A record in force until a newer one of the same key, by `at`."""

    @property
    def key(self) -> str:
        """The key of its Kafka record."""
        raise NotImplementedError


class RepSet(ReferenceRecord, frozen=True, kw_only=True, gc=False, tag="rep.set"):
    """A patch of a rep's place in the organisation, from `at` on; null clears a field."""

    topic = "crm.rep"
    is_patch = True
    rep: LabelKey
    team: Label | UnsetType | None = UNSET
    department: Label | UnsetType | None = UNSET
    unit: Label | UnsetType | None = UNSET
    timezone: Label | UnsetType | None = UNSET

    @property
    def key(self) -> str:
        """The rep."""
        return self.rep


class RateSet(ReferenceRecord, frozen=True, kw_only=True, gc=False, tag="rate.set"):
    """The value of one unit of a currency on a date, in the reporting currency."""

    topic = "crm.rate"
    currency: Currency
    date: date
    rate: Rate

    @property
    def key(self) -> str:
        """Currency and date."""
        return f"{self.currency}|{self.date.isoformat()}"


class AccountSet(ReferenceRecord, frozen=True, kw_only=True, gc=False, tag="account.set"):
    """A patch of an account: rep, segment, what it could buy in a year; null clears a field."""

    topic = "crm.account"
    is_patch = True
    account: Name
    segment: Label | UnsetType | None = UNSET
    rep: Label | UnsetType | None = UNSET
    potential: Potential | UnsetType | None = UNSET
    currency: Currency | UnsetType | None = UNSET
    custom: Custom | UnsetType | None = UNSET

    @property
    def key(self) -> str:
        """The account."""
        return self.account


class SpendRecorded(ReferenceRecord, frozen=True, kw_only=True, gc=False, tag="spend.recorded"):
    """Money spent on marketing, on the date of `at`."""

    topic = "crm.spend"
    amount: Amount
    currency: Currency
    campaign: Label | None = None
    channel: Label | None = None
    media: Media | None = None

    @property
    def key(self) -> str:
        """The spend."""
        return self.id


class TargetSet(ReferenceRecord, frozen=True, kw_only=True, gc=False, tag="target.set"):
    """The target of a KPI in a window, or without `start` in every window of that kind."""

    topic = "crm.target"
    kpi: Name
    scope: Scope
    window: WindowKind
    value: Amount
    start: date | None = None

    @property
    def key(self) -> str:
        """KPI, scope, window and start, as in the key of the record it is for."""
        return "|".join(
            (
                self.kpi,
                *(f"{dimension}={value}" for dimension, value in self.scope.items()),
                *(() if self.scope else ("all",)),
                self.window,
                self.start.isoformat() if self.start else "",
            )
        )
