"""What an event of each type may say in small histories: few values, awkward ones among them."""

from functools import cache
from typing import Any

from hypothesis import strategies as st

from tests.histories.scribe import EventDict
from tests.oracle.formulas.catalogue import KPIS

LEADS = ("lead-1", "lead-2", "lead-3")
DEALS = ("deal-1", "deal-2")
ACCOUNTS = ("lead-1", "acme", "acme-2")
INVOICES = ("invoice.issued", "invoice.paid", "invoice.credited", "invoice.voided")
ORDERS = ("order.placed", "order.delivered", "order.cancelled")
TICKETS = ("ticket.opened", "ticket.resolved")
QUOTES = ("quote.sent", "quote.ordered", "quote.rejected")
TOMBSTONES = ("subject.merged", "subject.erased")
OF_ACCOUNTS = (*INVOICES, *ORDERS, *TICKETS)
REFERENCES = ("rep.set", "rate.set", "account.set", "spend.recorded", "target.set")

Fields = st.SearchStrategy[EventDict]

# One name that is written in two ways.
REP = st.sampled_from(("ann", "ann", "bob", "bob", "cyd", "zo\u00eb", "zoe\u0308"))
LONG = ("x" * 200, "x" * 201, "x" * 199 + "yz")
# An empty dimension is none.
CHANNEL = st.sampled_from(("web", "web", "fair", "phone", " web ", "", *LONG))
CAMPAIGN = st.sampled_from(("spring", "relaunch", ""))
PARTNER = st.sampled_from(("alfa", "alfa", "\u010dedok", "c\u030cedok"))
PRODUCT = st.sampled_from(("basic", "pro"))
PIPELINE = st.sampled_from(("sales", "sales", "renewals"))
DEAL = st.sampled_from((DEALS[0], *DEALS))
EMAIL = st.sampled_from(("mail-1", "mail-2"))
INVOICE = st.sampled_from(("invoice-1", "invoice-1", "invoice-2"))
ORDER = st.sampled_from(("order-1", "order-1", "order-2", "order-3"))
TICKET = st.sampled_from(("ticket-1", "ticket-2", "ticket-3"))
QUOTE = st.sampled_from(("quote-1", "quote-1", "quote-2"))
STAGE = st.sampled_from(("contact", "offer", "contract"))
REASON = st.sampled_from(("price", "no budget", "unknown", "other", "price ", *LONG[1:]))
AMOUNTS = (
    *("200", "200.00", "400.00", "1000"),
    *("0", "0.00", "0.005", "-50.00", "33.335", "999.994", "999.995"),
    *("1234.5", "9999.99", "10000", "100000000000.01"),
)
AMOUNT = st.sampled_from(AMOUNTS)
PAYABLE = st.sampled_from(AMOUNTS[:3]) | AMOUNT
# No rate is ever set for the last.
CURRENCY = st.sampled_from(("EUR", "EUR", "EUR", "EUR", "USD", "JPY", "KWD", "XOF"))
DATE = st.sampled_from(
    (
        *("2022-03-21", "2022-03-22", "2022-09-21", "2026-01-01", "2026-02-28"),
        *("2026-03-08", "2026-03-29", "2026-06-30", "2026-10-25", "2026-10-31"),
        *("2026-04-05", "2018-11-03", "2018-11-04"),
    )
)
RATE_DATE = DATE | st.sampled_from(("2018-01-01", "2020-01-01", "2025-12-31"))
HOURS = st.sampled_from(("0", "1.5", "0.25", "0.0000001", "0.000000139", "8"))
RATE = st.sampled_from(("0.5", "1.25", "0.0061", "2.7351", "1"))
PROBABILITY = st.sampled_from((0, 0.005, 0.125, 0.3, 0.9, 1))


IS_NULL, NOTHING = st.sampled_from((False, False, False, False, True)), st.none()
TOPIC = st.sampled_from(("crm.lead", "crm.call", "crm.quote", "crm.order", "crm.invoice"))
# KPIs of every measure, and derived ones.
TARGETED = (
    *("revenue_won", "revenue_won", "deal_count", "lead_count", "call_count", "deal_size"),
    *("response_time", "close_rate", "close_rate_value", "pipeline_amount", "cycle_time"),
    *("lost_reasons", "followup_contacts", "prospecting_hours", "overdue", "contact_quality"),
    *("wallet_share", "customer_lifetime_value", "advance_rate", "complaints", "churn_risk"),
    *("sales_velocity", "pipeline_coverage", "cost_per_lead", "campaign_return", "rrroi"),
    *("partner_quality", "delivery_sales_lag", "forecast", "marketing_spend"),
)


def is_fit(target: EventDict) -> bool:
    """Whether the target's KPI has such a scope and window."""
    kpi = KPIS[target["kpi"]]
    scope = next(iter(target["scope"].items()), None)
    return kpi.has_scope(scope) and target["window"] in kpi.kinds


def fields(required: dict[str, Any] | None = None, **optional: st.SearchStrategy[Any]) -> Fields:
    """Draw all required fields and any of the optional ones; some of these are null."""
    rarely = {name: nullable(values) for name, values in optional.items()}
    return st.fixed_dictionaries(required or {}, optional=rarely)


def nullable(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Draw a value, or sometimes null."""
    return IS_NULL.flatmap(lambda is_null: NOTHING if is_null else values)


def patch(required: dict[str, Any], **optional: st.SearchStrategy[Any]) -> Fields:
    """Draw a patch, of which some texts are cleared."""
    cleared = {name: nullable(nullable(values).map(emptied)) for name, values in optional.items()}
    return st.fixed_dictionaries(required, optional=cleared)


def emptied(value: Any) -> Any:
    """Write what is cleared as an empty text."""
    return "" if value is None else value


EVENT_FIELDS: dict[str, Fields] = {
    "lead.created": fields(
        rep=REP,
        channel=CHANNEL,
        media=st.sampled_from(("paid", "earned", "owned")),
        campaign=CAMPAIGN,
        partner=PARTNER,
        product=PRODUCT,
        source=st.just("import"),
    ),
    "lead.assigned": fields({"rep": nullable(nullable(REP).map(emptied))}),
    "lead.qualified": fields(rep=REP, reason=REASON),
    "lead.handed_over": fields(rep=REP),
    "lead.disqualified": fields(reason=REASON),
    "call.ended": fields(
        {
            "rep": REP,
            "direction": st.sampled_from(("outbound", "outbound", "inbound")),
            "outcome": st.sampled_from(("connected", "no_answer", "voicemail", "busy")),
        },
        seconds=st.integers(0, 4000),
        cold=st.booleans(),
        automated=st.booleans(),
    ),
    "email.sent": fields(
        {"rep": REP, "email": EMAIL, "links": st.integers(0, 2)}, automated=st.booleans()
    ),
    "email.clicked": fields({"email": EMAIL}),
    "email.replied": fields({"email": EMAIL}),
    "deal.changed": st.tuples(
        patch(
            {"deal": DEAL},
            stage=STAGE,
            pipeline=PIPELINE,
            amount=AMOUNT,
            currency=CURRENCY,
            expected_close=DATE,
            rep=REP,
            account=st.sampled_from(ACCOUNTS),
            product=PRODUCT,
            channel=CHANNEL,
            partner=PARTNER,
            reason=REASON,
        ),
        st.fixed_dictionaries(
            {},
            optional={
                "status": st.sampled_from(("open", "open", "won", "won", "lost")),
                "probability": nullable(PROBABILITY),
            },
        ),
    ).map(lambda both: both[0] | both[1]),
    "deal.deleted": fields({"deal": DEAL}),
    "invoice.issued": fields(
        {"invoice": INVOICE, "amount": PAYABLE, "currency": CURRENCY, "due": DATE},
        rep=REP,
        product=PRODUCT,
    ),
    "invoice.paid": fields({"invoice": INVOICE, "amount": PAYABLE, "currency": CURRENCY}),
    "invoice.credited": fields({"invoice": INVOICE, "amount": PAYABLE, "currency": CURRENCY}),
    "invoice.voided": fields({"invoice": INVOICE}),
    "activity.logged": fields(
        {
            "rep": REP,
            "kind": st.sampled_from(
                ("meeting", "presentation", "social", "collateral", "prospecting", "prospecting")
            ),
        },
        channel=CHANNEL,
        asset=st.sampled_from(("brochure", "video")),
        hours=HOURS,
        outreach=st.integers(0, 3),
        responses=st.integers(0, 3),
    ),
    **dict.fromkeys(
        QUOTES,
        fields(
            {"quote": QUOTE},
            rep=REP,
            product=PRODUCT,
            amount=AMOUNT,
            currency=CURRENCY,
            order=ORDER,
            reason=REASON,
            unmet_demand=st.sampled_from(("blue", "smaller")),
        ),
    ),
    "order.placed": fields(
        {"order": ORDER, "amount": AMOUNT, "currency": CURRENCY},
        rep=REP,
        product=PRODUCT,
        promised=DATE,
    ),
    "order.delivered": fields({"order": ORDER}),
    "order.cancelled": fields({"order": ORDER}),
    "ticket.opened": fields(
        {
            "ticket": TICKET,
            "kind": st.sampled_from(
                ("complaint", "complaint", "contract_question", "closing_request", "contact")
            ),
        },
        rep=REP,
    ),
    "ticket.resolved": fields({"ticket": TICKET}),
    "subject.merged": fields({"into": st.sampled_from((*LEADS, *DEALS, *ACCOUNTS))}, topic=TOPIC),
    "subject.erased": fields(topic=TOPIC),
    "account.set": patch(
        {"account": st.sampled_from(ACCOUNTS)},
        segment=st.just("retail"),
        rep=REP,
        potential=st.sampled_from(("0", "0.004", "0.005", "1000", "50000.00", "999.995")),
        currency=CURRENCY,
    ),
    "spend.recorded": fields(
        {"amount": AMOUNT, "currency": CURRENCY},
        campaign=CAMPAIGN,
        channel=CHANNEL,
        media=st.sampled_from(("paid", "earned", "owned")),
    ),
    "target.set": st.fixed_dictionaries(
        {
            "kpi": st.sampled_from(TARGETED),
            "scope": st.sampled_from(
                ({}, {}, {"rep": "ann"}, {"team": "north"}, {"partner": "alfa"}, {"channel": "web"})
            ),
            "window": st.sampled_from(
                ("day", "week", "month", "month", "quarter", "year", "last_30d")
            ),
            "value": st.sampled_from(("0", "1", "3", "0.5", "2.345", "1000.00", "86400000", "-1")),
        },
        optional={"start": DATE},
    ).filter(is_fit),
    "rep.set": patch(
        {"rep": REP},
        team=st.sampled_from(("north", "south")),
        department=st.sampled_from(("field", "desk")),
        unit=st.sampled_from(("europe", "asia")),
        timezone=st.just("Europe/Sofia"),
    ),
    "rate.set": fields(
        {
            "currency": st.sampled_from(("EUR", "USD", "JPY", "KWD")),
            "date": RATE_DATE,
            "rate": RATE,
        }
    ),
}


@cache
def subjects(*names: str) -> st.SearchStrategy[str]:
    """Draw one of some names; the same strategy each time, for Hypothesis examines a new one."""
    return st.sampled_from(names)


def subject_of(draw: st.DrawFn, kind: str, event: EventDict) -> EventDict:
    """Draw whom the event is about, as its type allows; reference records are about no one."""
    if kind in REFERENCES:
        return {}
    if kind in OF_ACCOUNTS:
        return {"subject": draw(subjects(*ACCOUNTS))}
    if kind in TOMBSTONES:
        return {"subject": draw(subjects(*LEADS, *DEALS, *ACCOUNTS, "rep:ann"))}
    if kind.startswith("deal."):
        return {"subject": draw(subjects(*LEADS, event["deal"]))}
    if kind in QUOTES:
        return {"subject": draw(subjects(*LEADS, *DEALS))}
    if kind.startswith("lead."):
        return {"subject": draw(subjects(*LEADS))}
    own = f"rep:{event.get('rep') or 'ann'}"
    return {"subject": draw(subjects(*LEADS, own if own.isascii() else LEADS[0]))}
