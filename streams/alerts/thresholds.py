"""The thresholds of each kind of alert, as an operator can set them."""

from dataclasses import dataclass, field

from streams.alerts.accounts import Churn, Reorder
from streams.alerts.deals import Expired, Stale
from streams.alerts.invoices import Overdue
from streams.alerts.leads import OneTouch, Unanswered
from streams.engine.catalogue.alert import OffPace


@dataclass(frozen=True, kw_only=True, slots=True)
class AlertRules:
    """The rule of each kind; None: that kind is disabled."""

    lead_unanswered: Unanswered | None = field(default_factory=Unanswered)
    lead_one_touch: OneTouch | None = field(default_factory=OneTouch)
    opportunity_stale: Stale | None = field(default_factory=Stale)
    opportunity_expired: Expired | None = field(default_factory=Expired)
    invoice_overdue: Overdue | None = field(default_factory=Overdue)
    churn_risk: Churn | None = field(default_factory=Churn)
    reorder_due: Reorder | None = field(default_factory=Reorder)
    target_off_pace: OffPace | None = field(default_factory=OffPace)
