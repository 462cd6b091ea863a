"""What small histories are about."""

from tests.histories.events import (
    EVENT_FIELDS,
    INVOICES,
    QUOTES,
    TICKETS,
    TOMBSTONES,
)

# A history that is about one thing gets further than one of a little of everything.
FOCUSES: dict[str, tuple[str, ...]] = {
    "everything": tuple(EVENT_FIELDS),
    "deals": (
        *("lead.created", *["deal.changed"] * 6, "deal.deleted", "call.ended"),
        *("rep.set", "rate.set"),
    ),
    "open deals": (*["deal.changed"] * 8, "lead.created", "lead.assigned", "call.ended", "rep.set"),
    "invoices": (*INVOICES[:2], *INVOICES[:3], *INVOICES, "rep.set", "rate.set", "account.set"),
    "leads": (
        *("lead.created", "lead.assigned", "lead.qualified", "lead.handed_over"),
        *("lead.disqualified", "call.ended", "email.sent", "email.clicked", "rep.set"),
    ),
    "advances": (
        *("lead.created", *["deal.changed"] * 4, "deal.deleted", "call.ended"),
        *(*["activity.logged"] * 4, "rep.set"),
    ),
    "quotes": (*QUOTES, *QUOTES, "lead.created", "lead.assigned", "rep.set"),
    "prospecting": (
        *("activity.logged", "activity.logged", "lead.created", "spend.recorded", "rate.set"),
    ),
    "orders": (
        *["order.placed"] * 5,
        "order.delivered",
        "order.delivered",
        "order.cancelled",
        "account.set",
    ),
    "tickets": (*["ticket.opened"] * 5, *TICKETS, "account.set", "rep.set"),
    "worth": (*["invoice.issued"] * 3, *INVOICES, "account.set", "account.set", "rate.set"),
    "targets": (
        *(*["deal.changed"] * 5, *["target.set"] * 2),
        *("lead.created", "call.ended", "rep.set", "rep.set"),
    ),
    "marketing": (
        *("lead.created", "spend.recorded", "deal.changed", "activity.logged", "target.set"),
    ),
    "delivering": (*["order.placed", "order.delivered"] * 3, *["deal.changed"] * 3),
    "fates of leads": (
        *(*TOMBSTONES[:1] * 3, *TOMBSTONES, *["lead.created", "deal.changed"] * 4),
        *("call.ended", "quote.sent", "lead.assigned"),
    ),
    "fates of accounts": (
        *(*TOMBSTONES[:1] * 3, *TOMBSTONES),
        *(*["invoice.issued", "invoice.paid", "order.placed"] * 3, "account.set"),
    ),
}
