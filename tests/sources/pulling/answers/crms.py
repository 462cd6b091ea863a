"""CRMs before and after a change, and the events that are then missing."""

from dataclasses import dataclass, field
from typing import Any

from tests.sources.pulling.answers.cloud import (
    amocrm,
    bitrix24,
    dynamics365,
    hubspot,
    pipedrive,
    salesforce,
    zoho,
)
from tests.sources.pulling.answers.ids import GUID, SF_ID
from tests.sources.pulling.answers.others import erpnext, espocrm, odoo, quickbooks, twenty, xero


@dataclass(frozen=True)
class Crm:
    """A fake server's answers.

    Attributes:
        source: The name of the source.
        answers: By path, what it gives before the change; `changed` of them after it.
        changed: The same, of what has changed.
        events: The types of the events that are missing after the change.
        fields: Fields that the first of them has.
        configured: The token of the settings.
        account: What the mapping file is given of the account beside its host.
    """

    source: str
    answers: dict[str, Any]
    changed: dict[str, Any]
    events: tuple[str, ...]
    fields: dict[str, Any]
    configured: str = "t0ken"
    account: dict[str, str] = field(default_factory=dict)


BEFORE, AFTER = "2026-05-01T10:00:00Z", "2026-05-01T11:00:00Z"
PLAIN = ("2026-05-01 10:00:00", "2026-05-01 11:00:00")
PAID = {"amount": "40.25", "currency": "EUR"}
CRMS = (
    Crm(
        "hubspot",
        hubspot("appointmentscheduled", "1250.50", "2026-05-01T10:00:00.000Z"),
        hubspot("closedwon", "1250.50", "2026-05-01T11:00:00.000Z"),
        ("deal.changed",),
        {"deal": "55", "status": "won", "amount": "1250.50", "rep": "9"},
    ),
    Crm(
        "amocrm",
        amocrm(5001, 1000, 1777629600),
        amocrm(142, 1000, 1777633200),
        ("deal.changed",),
        {"deal": "71", "status": "won", "amount": "1000", "rep": "9"},
    ),
    Crm(
        "pipedrive",
        pipedrive("open", 1250, BEFORE),
        pipedrive("won", 1250, AFTER),
        ("deal.changed",),
        {"deal": "12", "status": "won", "amount": "1250", "rep": "9"},
    ),
    Crm(
        "salesforce",
        salesforce("Prospecting", 1250.5, "2026-05-01T10:00:00.000+0000"),
        salesforce("Closed Won", 1250.5, "2026-05-01T11:00:00.000+0000"),
        ("deal.changed",),
        {"deal": SF_ID, "status": "won", "amount": "1250.5"},
        configured="id:secret",
    ),
    Crm(
        "zoho",
        zoho("Qualification", 1250.5, "2026-05-01T10:00:00+00:00"),
        zoho("Closed Won", 1250.5, "2026-05-01T11:00:00+00:00"),
        ("deal.changed",),
        {"deal": "3652397000000001", "status": "won", "amount": "1250.5"},
        configured="id:secret:refresh",
    ),
    Crm(
        "bitrix24",
        bitrix24("P", "1250.50", "2026-05-01T10:00:00+00:00"),
        bitrix24("S", "1250.50", "2026-05-01T11:00:00+00:00"),
        ("deal.changed",),
        {"deal": "31", "status": "won", "amount": "1250.50"},
    ),
    Crm(
        "dynamics365",
        dynamics365(0, 1250.5, BEFORE),
        dynamics365(1, 1250.5, AFTER),
        ("deal.changed",),
        {"deal": GUID, "status": "won", "amount": "1250.5"},
        configured="id:secret",
        account={"tenant": "t"},
    ),
    Crm(
        "odoo",
        odoo(1, 20.0, PLAIN[0]),
        odoo(4, 100.0, PLAIN[1]),
        ("deal.changed",),
        {"deal": "5", "status": "won", "amount": "1250.5", "rep": "9"},
        account={"database": "acme", "uid": "2"},
    ),
    Crm(
        "erpnext",
        erpnext("Open", 1250.5, "2026-05-01 10:00:00.123456"),
        erpnext("Converted", 1250.5, "2026-05-01 11:00:00.123456"),
        ("deal.changed",),
        {"deal": "CRM-OPP-2026-00001", "status": "won", "amount": "1250.5"},
        configured="key:secret",
    ),
    Crm(
        "espocrm",
        espocrm("Prospecting", 1250.5, PLAIN[0]),
        espocrm("Closed Won", 1250.5, PLAIN[1]),
        ("deal.changed",),
        {"deal": "6650a1b2c3d4e5f60", "status": "won", "amount": "1250.5"},
    ),
    Crm(
        "twenty",
        twenty("NEW", 1_250_500_000, BEFORE),
        twenty("CUSTOMER", 1_250_500_000, AFTER),
        ("deal.changed",),
        {"deal": GUID, "status": "won", "amount": "1250.500000"},
    ),
    Crm(
        "xero",
        xero(False, "/Date(1777629600000+0000)/"),
        xero(True, "/Date(1777633200000+0000)/"),
        ("invoice.paid",),
        {"invoice": GUID, **PAID},
        configured="id:secret",
    ),
    Crm(
        "quickbooks",
        quickbooks(False, BEFORE),
        quickbooks(True, AFTER),
        ("invoice.paid",),
        {"invoice": "130", **PAID},
        configured="id:secret:refresh",
        account={"realm": "1"},
    ),
)
