"""Invoices of Xero and QuickBooks: what each request and each record read becomes, exactly."""

from typing import Any

import pytest

from tests.sources.by_example.case import AT, Case, Fields, check, name

XERO_BILL: dict[str, Any] = {
    "_read": "invoice",
    "Type": "ACCREC",
    "InvoiceID": "i1",
    "Contact": {"ContactID": "c1"},
    "DateString": "2026-03-03T00:00:00",
    "DueDateString": "2026-03-31T00:00:00",
    "Status": "AUTHORISED",
    "Total": 1250.5,
    "CurrencyCode": "EUR",
    "UpdatedDateUTC": "/Date(1772529300000+0000)/",
    "Payments": [
        {"PaymentID": "p1", "Date": "/Date(1772529300000+0000)/", "Amount": 400.0},
        {"PaymentID": "p2", "Date": "/Date(1772615700000+0000)/", "Amount": 800.5},
    ],
    "CreditNotes": [{"CreditNoteID": "n1", "DateString": AT, "AppliedAmount": 50.0}],
}
XERO_ISSUED = {
    "type": "invoice.issued",
    "id": '["i1"]',
    "at": "2026-03-03T00:00:00Z",
    "amount": "1250.5",
    "due": "2026-03-31",
}
XERO = {"subject": "xero:contact:c1", "invoice": "i1"}
EURO = {"currency": "EUR"}
XERO_CASES = [
    Case(
        "invoice named",
        "xero",
        {"events": [{"resourceId": "i1", "eventCategory": "INVOICE", "eventType": "UPDATE"}]},
        [],
        (("invoice", "i1"),),
    ),
    Case(
        "invoice with its payments and credits",
        "xero",
        XERO_BILL,
        [
            XERO | EURO | XERO_ISSUED,
            XERO | EURO | {"type": "invoice.paid", "id": '["p1"]', "at": AT, "amount": "400.0"},
            XERO
            | EURO
            | {"type": "invoice.paid", "id": '["p2"]', "at": "2026-03-04T09:15:00Z"}
            | {"amount": "800.5"},
            XERO
            | EURO
            | {"type": "invoice.credited", "id": '["n1","i1"]', "at": AT, "amount": "50.0"},
        ],
    ),
    Case(
        "invoice voided",
        "xero",
        XERO_BILL | {"Status": "VOIDED", "Payments": [], "CreditNotes": []},
        [XERO | {"type": "invoice.voided", "id": '["i1"]', "at": AT}],
    ),
    Case("invoice of a supplier", "xero", XERO_BILL | {"Type": "ACCPAY"}, []),
]


def intuit(*entities: Fields) -> Fields:
    """Notifications of one company, as QuickBooks has sent them for long."""
    changed = {"dataChangeEvent": {"entities": [*entities]}}
    return {"eventNotifications": [{"realmId": "1"} | changed]}


def entity(kind: str, number: str, operation: str) -> Fields:
    """What happened to one entity."""
    return {"name": kind, "id": number, "operation": operation, "lastUpdated": AT}


QUICKBOOKS_VOID = {"type": "invoice.voided", "id": f'["129","{AT}"]', "at": AT, "invoice": "129"}
LINES = [
    {"Amount": 400.0, "LinkedTxn": [{"TxnId": "130", "TxnType": "Invoice"}]},
    {"Amount": 50.0, "LinkedTxn": [{"TxnId": "7", "TxnType": "CreditMemo"}]},
]
TIMES = {"MetaData": {"CreateTime": AT, "LastUpdatedTime": AT}}
QUICKBOOKS = [
    Case(
        "notifications",
        "quickbooks",
        intuit(
            entity("Invoice", "130", "Create"),
            entity("Payment", "9", "Update"),
            entity("Customer", "3", "Update"),
            entity("Invoice", "129", "Void"),
        ),
        [QUICKBOOKS_VOID | {"subject": "quickbooks:invoice:129"}],
        (("invoice", "130"), ("payment", "9")),
    ),
    Case(
        "CloudEvents",
        "quickbooks",
        [
            {"type": "qbo.invoice.created.v1", "time": AT, "intuitentityid": "130"},
            {"type": "qbo.invoice.voided.v1", "time": AT, "intuitentityid": "129"},
        ],
        [QUICKBOOKS_VOID | {"subject": "quickbooks:invoice:129"}],
        (("invoice", "130"),),
    ),
    Case(
        "invoice",
        "quickbooks",
        {"_read": "invoice", "Id": "130", "SyncToken": "2", "TotalAmt": 1250.5, **TIMES}
        | {"CustomerRef": {"value": "3"}, "CurrencyRef": {"value": "EUR"}, "DueDate": "2026-03-31"},
        [
            {"type": "subject.merged", "id": '["130"]', "at": AT, "topic": "crm.invoice"}
            | {"subject": "quickbooks:invoice:130", "into": "quickbooks:customer:3"},
            {"type": "invoice.issued", "id": '["130","2"]', "at": AT, "invoice": "130", **EURO}
            | {"subject": "quickbooks:invoice:130", "amount": "1250.5", "due": "2026-03-31"},
        ],
    ),
    Case(
        "payment",
        "quickbooks",
        {"_read": "payment", "Id": "9", "Line": LINES, **TIMES},
        [
            {"type": "invoice.paid", "id": '["9","130"]', "at": AT, "invoice": "130"}
            | {"subject": "quickbooks:invoice:130", "amount": "400.0", "currency": "USD"},
        ],
    ),
]


@pytest.mark.parametrize("case", [*XERO_CASES, *QUICKBOOKS], ids=name)
def test_request_becomes_exactly_these_events(case: Case) -> None:
    check(case)
