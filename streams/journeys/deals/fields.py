"""The fields of a deal, and what a patch does to them."""

from collections.abc import Mapping
from datetime import date

from msgspec import UNSET, Struct

from streams.events import DealChanged, patched


class DealFields(Struct, frozen=True, gc=False):
    """The fields of a deal at an instant; None or an empty text: not known."""

    status: str | None = None
    pipeline: str | None = None
    stage: str | None = None
    amount: str | None = None
    currency: str | None = None
    probability: float | None = None
    expected_close: date | None = None
    rep: str | None = None
    channel: str | None = None
    partner: str | None = None
    product: str | None = None
    account: str | None = None
    custom: Mapping[str, str] | None = None

    def apply(self, patch: DealChanged) -> "DealFields":
        """Give the fields after a patch: what it does not name stays as it was."""
        # Written out: driven by a tuple of names, a deal of six changes took twice as long.
        unset = UNSET
        return DealFields(
            self.status if patch.status is unset else patch.status,
            self.pipeline if patch.pipeline is unset else patch.pipeline,
            self.stage if patch.stage is unset else patch.stage,
            self.amount if patch.amount is unset else patch.amount,
            self.currency if patch.currency is unset else patch.currency,
            self.probability if patch.probability is unset else patch.probability,
            self.expected_close if patch.expected_close is unset else patch.expected_close,
            self.rep if patch.rep is unset else patch.rep,
            self.channel if patch.channel is unset else patch.channel,
            self.partner if patch.partner is unset else patch.partner,
            self.product if patch.product is unset else patch.product,
            self.account if patch.account is unset else patch.account,
            self.custom if patch.custom is unset else patched(self.custom, patch.custom),
        )


NO_FIELDS = DealFields()
