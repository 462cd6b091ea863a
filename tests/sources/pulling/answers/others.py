"""Answers of CRMs of one's own, about one deal, and of bookkeeping, about one invoice."""

from typing import Any

from tests.sources.pulling.answers.ids import GUID, OTHER


def odoo(stage: int, probability: float, written: str) -> dict[str, Any]:
    lead = {
        "id": 5,
        "type": "opportunity",
        "active": True,
        "create_date": "2026-05-01 09:00:00",
        "write_date": written,
        "date_conversion": False,
        "source_id": False,
        "campaign_id": False,
        "user_id": [9, "Ann"],
        "phone": False,
        "email_from": False,
        "stage_id": [stage, "x"],
        "probability": probability,
        "expected_revenue": 1250.5,
        "date_deadline": False,
        "partner_id": [3, "Acme"],
        "lost_reason_id": False,
    }

    def call(body: dict[str, Any]) -> dict[str, Any]:
        model = body["params"]["args"][3]
        return {"jsonrpc": "2.0", "id": None, "result": [lead] if model == "crm.lead" else []}

    return {"/jsonrpc": call}


def erpnext(status: str, amount: float, modified: str) -> dict[str, Any]:
    name = "CRM-OPP-2026-00001"
    opportunity = {
        "doctype": "Opportunity",
        "name": name,
        "creation": "2026-05-01 09:00:00.123456",
        "modified": modified,
        "opportunity_from": "Customer",
        "status": status,
        "opportunity_amount": amount,
        "currency": "EUR",
        "opportunity_owner": "ann@example.com",
        "sales_stage": "Prospecting",
        "docstatus": 0,
    }
    doctypes = ("Lead", "Quotation", "Sales Order", "Sales Invoice", "Payment Entry")
    return {
        **{f"/api/resource/{name}": {"data": []} for name in doctypes},
        "/api/resource/Opportunity": {"data": [{"name": name, "modified": modified}]},
        f"/api/resource/Opportunity/{name}": {"data": opportunity},
    }


def espocrm(stage: str, amount: float, modified: str) -> dict[str, Any]:
    deal = {
        "id": "6650a1b2c3d4e5f60",
        "name": "x",
        "stage": stage,
        "amount": amount,
        "amountCurrency": "EUR",
        "assignedUserId": "9",
        "contactId": "7",
        "createdAt": "2026-05-01 09:00:00",
        "modifiedAt": modified,
    }
    listed = {"id": deal["id"], "modifiedAt": modified}
    empty = {"total": 0, "list": []}
    return {
        **{f"/api/v1/{entity}": empty for entity in ("Lead", "Contact", "Call")},
        "/api/v1/Opportunity": {"total": 1, "list": [listed]},
        f"/api/v1/Opportunity/{deal['id']}": deal,
    }


def twenty(stage: str, micros: int, updated: str) -> dict[str, Any]:
    deal = {
        "id": GUID,
        "stage": stage,
        "amount": {"amountMicros": micros, "currencyCode": "EUR"},
        "closeDate": None,
        "pointOfContactId": OTHER,
        "companyId": None,
        "createdAt": "2026-05-01T09:00:00.000Z",
        "updatedAt": updated,
    }
    info = {"hasNextPage": False, "startCursor": "a", "endCursor": "b"}
    return {
        "/rest/people": {"data": {"people": []}, "pageInfo": info, "totalCount": 0},
        "/rest/opportunities": {"data": {"opportunities": [deal]}, "pageInfo": info},
    }


def xero(paid: bool, updated: str) -> dict[str, Any]:
    payment = {"PaymentID": OTHER, "Date": "/Date(1777680000000+0000)/", "Amount": 40.25}
    invoice = {
        "Type": "ACCREC",
        "InvoiceID": GUID,
        "Contact": {"ContactID": OTHER},
        "Status": "AUTHORISED",
        "DateString": "2026-05-01T00:00:00",
        "DueDateString": "2026-05-31T00:00:00",
        "Total": 100.5,
        "CurrencyCode": "EUR",
        "UpdatedDateUTC": updated,
        "Payments": [payment] if paid else [],
        "CreditNotes": [],
    }
    return {
        "/connect/token": {"access_token": "short", "expires_in": 1800},
        "/api.xro/2.0/Invoices": {"Status": "OK", "Invoices": [invoice]},
    }


def quickbooks(paid: bool, updated: str) -> dict[str, Any]:
    invoice = {
        "Id": "130",
        "SyncToken": "0",
        "MetaData": {"CreateTime": "2026-05-01T09:00:00Z", "LastUpdatedTime": updated},
        "TotalAmt": 100.5,
        "CurrencyRef": {"value": "EUR"},
        "CustomerRef": {"value": "7"},
        "TxnDate": "2026-05-01",
        "DueDate": "2026-05-31",
    }
    payment = {
        "Id": "200",
        "MetaData": {"CreateTime": updated, "LastUpdatedTime": updated},
        "CurrencyRef": {"value": "EUR"},
        "CustomerRef": {"value": "7"},
        "Line": [{"Amount": 40.25, "LinkedTxn": [{"TxnId": "130", "TxnType": "Invoice"}]}],
    }

    def query(of: str) -> str:
        return (
            f"/v3/company/1/query?query=SELECT%20%2A%20FROM%20{of}%20WHERE%20"
            "MetaData.LastUpdatedTime%20%3E%3D%20%272026-05-01T00%3A00%3A00%2B00%3A00%27%20"
            "ORDERBY%20MetaData.LastUpdatedTime%20STARTPOSITION%201%20MAXRESULTS%20500"
            "&minorversion=75"
        )

    payments = {"Payment": [payment], "startPosition": 1, "maxResults": 1} if paid else {}
    return {
        "/oauth2/v1/tokens/bearer": {
            "access_token": "short",
            "expires_in": 3600,
            "refresh_token": "next",
        },
        query("Invoice"): {"QueryResponse": {"Invoice": [invoice], "maxResults": 1}, "time": "x"},
        query("Payment"): {"QueryResponse": payments, "time": "x"},
    }
