"""Documents of ERPNext and Frappe CRM as the guide's bodies send them, and as canonical events."""

import json
from pathlib import Path
from typing import Any

from streams.sources.delivery import Delivery
from streams.sources.loading import sources
from streams.sources.mapping import translate
from tests.kpis.story import (
    call,
    credited,
    deal,
    deleted,
    invoice,
    lead,
    moment,
    ordered,
    paid,
    quoted,
    said,
)
from tests.sources.stories.comparing import check_same, person
from tests.sources.translated import KEY, delivery, outcome

ACME = "erpnext:customer:Acme"


def frappe(at: str) -> str:
    """A time as Frappe writes it: of the site's zone, without an offset."""
    return moment(at).replace("T", " ").replace("Z", ".000000")


def sent(doctype: str, name: str, event: str, at: str, **fields: Any) -> Delivery:
    """A document as the template writes it."""
    usual = {"doctype": doctype, "event": event, "name": name, "modified": frappe(at)}
    return delivery("erpnext", usual | fields)


def kim(event: str, at: str, doctype: str = "Lead", **fields: Any) -> Delivery:
    """The lead Kim."""
    usual = {"creation": frappe("03-01 08:00"), "lead_owner": "ann", "source": "Website"}
    return sent(doctype, "LEAD-1", event, at, **(usual | fields))


def opportunity(event: str, at: str, name: str = "OPP-1", **fields: Any) -> Delivery:
    """An opportunity of the lead Kim."""
    usual = {
        "opportunity_from": "Lead",
        "party_name": "LEAD-1",
        "status": "Open",
        "sales_stage": "Prospecting",
        "opportunity_amount": "1000.00",
        "currency": "EUR",
        "probability": "10",
        "expected_closing": "2026-04-30",
        "opportunity_owner": "ann",
    }
    return sent("Opportunity", name, event, at, **(usual | fields))


STATE: dict[str, Any] = {
    "stage": "Prospecting",
    "status": "open",
    "amount": "1000",
    "probability": 0.1,
    "expected_close": "2026-04-30",
    "rep": "ann",
}


def test_leads_and_deals_give_the_kpis_of_the_same_story_as_canonical_events() -> None:
    story = [
        kim("after_insert", "03-01 08:00", mobile_no="+33 1 99 00 12 34"),
        kim("on_update", "03-02 08:00", status="Qualified"),
        opportunity("after_insert", "03-02 09:00"),
        opportunity("on_update", "03-04 09:00", status="Converted"),
        opportunity("on_update", "03-05 09:00", status="Replied", sales_stage="Proposal"),
        opportunity("on_update", "03-06 09:00", status="Lost", order_lost_reason="Price"),
        opportunity("after_insert", "03-02 10:00", "OPP-2"),
        opportunity("on_trash", "03-03 10:00", "OPP-2"),
        sent("Quotation", "Q-1", "on_submit", "03-03 09:00", grand_total="1000", currency="EUR",
             opportunity="OPP-1", quotation_to="Lead", party_name="LEAD-1", status="Open"),
        sent("Quotation", "Q-1", "on_update_after_submit", "03-06 09:00", grand_total="1000",
             currency="EUR", quotation_to="Lead", party_name="LEAD-1", opportunity="OPP-1",
             status="Lost", order_lost_reason="Price"),
    ]  # fmt: skip
    canonical = [
        lead("03-01 08:00", "kim", channel="Website"),
        said("lead.assigned", "03-01 08:00", subject="kim", rep="ann"),
        said("lead.qualified", "03-02 08:00", subject="kim"),
        deal("03-02 09:00", "OPP-1", "kim", **STATE),
        deal("03-04 09:00", "OPP-1", "kim", status="won"),
        deal("03-05 09:00", "OPP-1", "kim", status="open", stage="Proposal"),
        deal("03-06 09:00", "OPP-1", "kim", status="lost", stage="Prospecting", reason="Price"),
        deal("03-02 10:00", "OPP-2", "kim", **STATE),
        deleted("03-03 10:00", "OPP-2", "kim"),
        quoted("03-03 09:00", "Q-1", subject="kim", amount="1000", currency="EUR"),
        quoted("03-06 09:00", "Q-1", "rejected", subject="kim", reason="Price"),
        said("subject.merged", "03-01 08:00", subject=person("phone", "33199001234"), into="kim"),
    ]
    check_same("erpnext", story, canonical, [call("03-01 09:00", person("phone", "33199001234"))])


def test_deals_of_the_frappe_crm_give_the_kpis_of_the_same_story() -> None:
    def dealt(at: str, status: str, **fields: Any) -> Delivery:
        usual = {"lead": "LEAD-1", "deal_value": "500", "currency": "EUR", "deal_owner": "ann"}
        return sent("CRM Deal", "D-1", "on_update", at, status=status, **(usual | fields))

    story = [
        kim("after_insert", "03-01 08:00", "CRM Lead"),
        dealt("03-02 09:00", "Qualification"),
        dealt("03-04 09:00", "Won"),
    ]
    canonical = [
        lead("03-01 08:00", "kim", channel="Website"),
        said("lead.assigned", "03-01 08:00", subject="kim", rep="ann"),
        deal("03-02 09:00", "D-1", "kim", stage="Qualification", status="open", amount="500",
             rep="ann"),
        deal("03-04 09:00", "D-1", "kim", stage="Won", status="won"),
    ]  # fmt: skip
    check_same("erpnext", story, canonical)


def bill(name: str, event: str, at: str, **fields: Any) -> Delivery:
    """A sales invoice to Acme."""
    usual = {
        "customer": "Acme",
        "grand_total": "1250.50",
        "currency": "EUR",
        "due_date": "2026-03-31",
        "posting_date": "2026-03-09",
    }
    return sent("Sales Invoice", name, event, at, **(usual | fields))


def payment(name: str, event: str, at: str, *parts: tuple[str, str]) -> Delivery:
    """A payment of Acme, with what it pays of each invoice."""
    references = [
        {"reference_doctype": "Sales Invoice", "reference_name": of, "allocated_amount": amount}
        for of, amount in parts
    ]
    other = {"reference_doctype": "Sales Order", "reference_name": "O-1", "allocated_amount": "1"}
    listed = {"references": [*references, other], "party": "Acme", "currency": "EUR"}
    return sent("Payment Entry", name, event, at, **listed)


def test_orders_and_invoices_give_the_kpis_of_the_same_story_as_canonical_events() -> None:
    order = {"customer": "Acme", "grand_total": "1100", "currency": "EUR"}
    story = [
        sent("Sales Order", "O-1", "on_submit", "03-05 09:00", delivery_date="2026-03-20", **order),
        sent("Sales Order", "O-1", "on_update_after_submit", "03-19 09:00", **order,
             delivery_status="Fully Delivered"),
        sent("Sales Order", "O-2", "on_submit", "03-05 10:00", **order),
        sent("Sales Order", "O-2", "on_cancel", "03-06 10:00", **order),
        bill("I-1", "on_submit", "03-09 09:00"),
        bill("I-2", "on_submit", "03-10 09:00"),
        payment("P-1", "on_submit", "03-15 09:00", ("I-1", "400"), ("I-2", "250.50")),
        payment("P-2", "on_submit", "04-15 09:00", ("I-1", "750.50")),
        payment("P-3", "on_submit", "03-16 09:00", ("I-2", "1000")),
        payment("P-3", "on_cancel", "03-17 09:00", ("I-2", "1000")),
        bill("R-1", "on_submit", "03-18 09:00", grand_total="-100", return_against="I-1"),
        bill("I-3", "on_submit", "03-11 09:00"),
        bill("I-3", "on_cancel", "03-12 09:00"),
    ]  # fmt: skip
    canonical = [
        ordered("03-05 09:00", "O-1", subject=ACME, amount="1100", promised="2026-03-20"),
        said("order.delivered", "03-19 09:00", subject=ACME, order="O-1"),
        ordered("03-05 10:00", "O-2", subject=ACME, amount="1100"),
        said("order.cancelled", "03-06 10:00", subject=ACME, order="O-2"),
        invoice("03-09 09:00", "1250.50", "03-31", "I-1", subject=ACME),
        invoice("03-10 09:00", "1250.50", "03-31", "I-2", subject=ACME),
        paid("03-15 09:00", "400", "I-1", subject=ACME),
        paid("03-15 09:00", "250.50", "I-2", subject=ACME),
        paid("04-15 09:00", "750.50", "I-1", subject=ACME),
        paid("03-17 09:00", "0", "I-2", subject=ACME),
        credited("03-18 09:00", "100", "I-1") | {"subject": ACME},
        invoice("03-11 09:00", "1250.50", "03-31", "I-3", subject=ACME),
        said("invoice.voided", "03-12 09:00", subject=ACME, invoice="I-3"),
    ]
    check_same("erpnext", story, canonical)


def test_record_that_is_read_is_submitted_by_its_docstatus() -> None:
    record = json.loads(bill("I-1", "", "03-09 09:00").body) | {"_read": "sales_invoice"}
    kinds = [
        [
            json.loads(event)["type"]
            for event in outcome("erpnext", record | {"docstatus": n}).events
        ]
        for n in (0, 1, 2)
    ]
    assert kinds == [[], ["invoice.issued"], ["invoice.voided"]]


def test_payment_that_is_read_is_in_the_currency_of_its_account() -> None:
    record = json.loads(payment("P-1", "", "03-15 09:00", ("I-1", "400")).body) | {"docstatus": 1}
    del record["currency"]
    body = {"_read": "payment_entry"} | record | {"paid_from_account_currency": "USD"}
    (found,) = outcome("erpnext", body).events
    assert json.loads(found)["currency"] == "USD"


def test_time_is_of_the_zone_that_is_set(tmp_path: Path) -> None:
    own = 'source = "erpnext"\n[defaults]\ntimezone = "Asia/Kolkata"\n'
    (tmp_path / "erpnext.toml").write_text(own)
    request = bill("I-1", "on_submit", "03-09 09:00")
    (found,) = translate(sources(tmp_path)["erpnext"], request, KEY).events
    assert json.loads(found)["at"] == "2026-03-09T03:30:00Z"
