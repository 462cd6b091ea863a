"""An Odoo database's leads, orders and invoices as its rules send them, and as canonical events."""

import json
from typing import Any

import pytest

from streams.sources.delivery import Delivery
from tests.kpis.story import (
    account,
    call,
    credited,
    deal,
    invoice,
    lead,
    moment,
    ordered,
    paid,
    quoted,
    said,
)
from tests.sources.stories.comparing import check_same, person, single
from tests.sources.translated import delivery, outcome

ACME = "odoo:partner:9"


def sent(model: str, number: int, at: str, **fields: Any) -> Delivery:
    """What an automation rule sends after a record was written at a time."""
    written = moment(at).replace("T", " ").removesuffix("Z")
    usual = {"_model": model, "_id": number, "id": number, "_action": f"sales KPIs(#{number})"}
    return delivery("odoo", usual | {"write_date": written} | fields)


def opportunity(at: str, number: int = 7, **fields: Any) -> Delivery:
    """Lead 7 of user 2, which has become an opportunity, is written."""
    usual = {
        "type": "opportunity",
        "active": True,
        "create_date": "2026-03-01 08:00:00",
        "user_id": 2,
        "stage_id": 1,
        "probability": 10.0,
        "expected_revenue": 1000.0,
        "date_deadline": "2026-04-30",
        "partner_id": 9,
        "lost_reason_id": False,
        "phone": "+33 1 99 00 12 34",
        "email_from": "Kim <kim@example.com>",
    }
    return sent("crm.lead", number, at, **(usual | fields))


def bill(at: str, number: int = 4, **fields: Any) -> Delivery:
    """Invoice 4 to partner 9 is written."""
    usual = {
        "move_type": "out_invoice",
        "state": "posted",
        "amount_total": 1250.5,
        "amount_residual": 1250.5,
        "currency_id": [1, "EUR"],
        "invoice_date_due": "2026-03-31",
        "invoice_user_id": [2, "Ann"],
        "partner_id": [9, "Acme"],
        "payment_state": "not_paid",
    }
    return sent("account.move", number, at, **(usual | fields))


def order(at: str, state: str, **fields: Any) -> Delivery:
    """Order 5 of partner 9, quoted for lead 7, is written."""
    usual = {
        "state": state,
        "date_order": "2026-03-09 10:00:00",
        "commitment_date": False,
        "amount_total": 1100.0,
        "currency_id": [1, "EUR"],
        "user_id": 2,
        "partner_id": 9,
        "opportunity_id": 7,
    }
    return sent("sale.order", 5, at, **(usual | fields))


STATE: dict[str, Any] = {
    "status": "open",
    "amount": "1000.0",
    "probability": 0.1,
    "expected_close": "2026-04-30",
    "rep": "2",
    "account": ACME,
}


def test_leads_and_deals_give_the_kpis_of_the_same_story_as_canonical_events() -> None:
    won: dict[str, Any] = {"stage_id": 4, "probability": 100.0, "expected_revenue": 1200.0}
    lost: dict[str, Any] = {
        "active": False,
        "probability": 0.0,
        "lost_reason_id": [3, "Too expensive"],
    }
    story = [
        opportunity("03-01 08:00", type="lead"),
        opportunity("03-02 09:00", date_conversion="2026-03-02 09:00:00"),
        opportunity("03-04 09:00", stage_id=3, probability=60.0),
        opportunity("03-08 09:00", **won),
        opportunity("03-10 09:00", stage_id=3, probability=60.0),
        opportunity("03-12 09:00", **won),
        opportunity("03-05 09:00", 8, phone=False, email_from=False),
        opportunity("03-06 09:00", 8, phone=False, email_from=False, **lost),
        opportunity("03-07 09:00", 10, phone=False, email_from=False),
        sent("crm.lead", 10, "03-08 09:00")._replace(
            query={"event": "deleted"}, received=1_773_000_000_000
        ),
    ]
    won_state = STATE | {"stage": "Won", "status": "won", "probability": 1.0, "amount": "1200.0"}
    proposed = STATE | {"stage": "Proposition", "probability": 0.6}
    lost_state = STATE | {"stage": "New", "status": "lost", "probability": 0.0}
    canonical = [
        lead("03-01 08:00", "a"),
        lead("03-01 08:00", "b"),
        lead("03-01 08:00", "c"),
        *(said("lead.assigned", at, subject="a", rep="2") for at in ("03-01 08:00", "03-02 09:00")),
        said("lead.assigned", "03-05 09:00", subject="b", rep="2"),
        said("lead.assigned", "03-07 09:00", subject="c", rep="2"),
        said("lead.qualified", "03-02 09:00", subject="a"),
        deal("03-02 09:00", "7", "a", **(STATE | {"stage": "New"})),
        deal("03-04 09:00", "7", "a", **proposed),
        deal("03-08 09:00", "7", "a", **won_state),
        deal("03-10 09:00", "7", "a", **proposed),
        deal("03-12 09:00", "7", "a", **won_state),
        deal("03-05 09:00", "8", "b", **(STATE | {"stage": "New"})),
        deal("03-06 09:00", "8", "b", **(lost_state | {"reason": "Too expensive"})),
        deal("03-07 09:00", "10", "c", **(STATE | {"stage": "New"})),
        said("deal.deleted", "2026-03-08T20:00:00Z", subject="c", deal="10"),
    ]
    kim = person("phone", "33199001234")
    canonical.append(said("subject.merged", "03-01 08:00", subject=kim, into="a"))
    check_same("odoo", story, canonical, [call("03-01 09:00", kim, rep="2")])


def test_orders_and_invoices_give_the_kpis_of_the_same_story_as_canonical_events() -> None:
    story = [
        sent("res.partner", 9, "01-01 00:00", user_id=[2, "Ann"]),
        order("03-05 09:00", "draft"),
        order("03-06 09:00", "sent"),
        order("03-09 10:00", "sale"),
        bill("03-09 11:00", state="draft"),
        bill("03-09 12:00"),
        bill("03-20 12:00", amount_residual=850.5, payment_state="partial"),
        bill("04-10 12:00", amount_residual=0.0, payment_state="paid"),
        bill("03-10 12:00", 6),
        bill("03-11 12:00", 6, state="cancel"),
        bill("03-12 12:00", 7),
        bill("03-13 12:00", 7, amount_residual=0.0, payment_state="reversed"),
    ]
    usual = {"subject": ACME, "rep": "2"}
    canonical = [
        account(ACME, rep="2"),
        quoted("03-06 09:00", "5", subject="odoo:lead:7", amount="1100", currency="EUR", rep="2"),
        quoted("03-09 10:00", "5", "ordered", subject="odoo:lead:7", rep="2"),
        ordered("03-09 10:00", "5", amount="1100", **usual),
        invoice("03-09 12:00", "1250.5", "03-31", "4", **usual),
        # Odoo tells what is owed and no single payments: all that is paid, when it last changed.
        paid("04-10 12:00", "1250.5", "4", subject=ACME),
        invoice("03-10 12:00", "1250.5", "03-31", "6", **usual),
        said("invoice.voided", "03-11 12:00", subject=ACME, invoice="6"),
        invoice("03-12 12:00", "1250.5", "03-31", "7", **usual),
        credited("03-13 12:00", "1250.5", "7") | {"subject": ACME},
    ]
    check_same("odoo", story, canonical)


def test_what_is_not_set_clears_a_field() -> None:
    found = outcome("odoo", opportunity("03-02 09:00", user_id=False, date_deadline=False).body)
    assert b'"rep":null' in found.events[-1]
    assert b'"expected_close":null' in found.events[-1]


@pytest.mark.parametrize("stage", [3, [3, "Proposition"]])
def test_reference_is_a_number_or_a_number_with_its_name(stage: object) -> None:
    body = opportunity("03-02 09:00", stage_id=stage).body
    assert b'"stage":"Proposition"' in outcome("odoo", body).events[-1]


def test_field_that_the_rule_does_not_send_stays_as_it_was() -> None:
    found = single("odoo", sent("crm.lead", 7, "03-02 09:00", type="opportunity").body)
    assert {"stage", "status", "amount", "rep", "account"}.isdisjoint(found)


def test_unknown_currency_is_a_dead_letter_that_names_it() -> None:
    (found,) = outcome("odoo", bill("03-09 12:00", currency_id=77).body).unmapped
    assert (found.field, found.reason) == (
        "currency",
        "'77' is not in [table.currency], which has no else",
    )


def test_record_that_is_read_gives_the_same_deal() -> None:
    sent_fields: dict[str, Any] = json.loads(opportunity("03-02 09:00").body)
    record = {name: each for name, each in sent_fields.items() if not name.startswith("_")}
    deals = [
        json.loads(found.events[-1])
        for found in (outcome("odoo", sent_fields), outcome("odoo", {"_read": "lead"} | record))
    ]
    assert deals[0] | {"id": ""} == deals[1] | {"id": ""}
