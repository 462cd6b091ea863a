"""Answers of CRMs that run with their vendor, about one deal."""

from typing import Any

from tests.sources.pulling.answers.ids import GUID, OTHER, SF_ID


def hubspot(stage: str, amount: str, updated: str) -> dict[str, Any]:
    deal = {
        "id": "55",
        "properties": {
            "dealstage": stage,
            "amount": amount,
            "pipeline": "default",
            "hubspot_owner_id": "9",
            "deal_currency_code": "EUR",
        },
        "createdAt": "2026-05-01T09:00:00.000Z",
        "updatedAt": updated,
        "archived": False,
        "associations": {"contacts": {"results": [{"id": "7", "type": "deal_to_contact"}]}},
    }
    listed = {"id": "55", "properties": {"hs_lastmodifieddate": updated}, "updatedAt": updated}
    kinds = ("contacts", "calls", "emails", "meetings")
    return {
        **{f"/crm/v3/objects/{kind}/search": {"total": 0, "results": []} for kind in kinds},
        "/crm/v3/objects/deals/search": {"total": 1, "results": [listed]},
        "/crm/v3/objects/deals/55": deal,
    }


def amocrm(status: int, price: int, updated: int) -> dict[str, Any]:
    lead = {
        "id": 71,
        "price": price,
        "responsible_user_id": 9,
        "status_id": status,
        "pipeline_id": 5,
        "loss_reason_id": None,
        "created_at": 1777626000,
        "updated_at": updated,
        "is_deleted": False,
        "_embedded": {"loss_reason": [], "contacts": [{"id": 7, "is_main": True}]},
    }
    return {
        "/api/v4/leads": {"_page": 1, "_links": {}, "_embedded": {"leads": [lead]}},
        "/api/v4/contacts": 204,
    }


def pipedrive(status: str, value: int, updated: str) -> dict[str, Any]:
    deal = {
        "id": 12,
        "owner_id": 9,
        "person_id": 7,
        "org_id": None,
        "pipeline_id": 1,
        "stage_id": 3,
        "value": value,
        "currency": "EUR",
        "add_time": "2026-05-01T09:00:00Z",
        "update_time": updated,
        "status": status,
        "probability": None,
        "lost_reason": None,
        "is_deleted": False,
        "expected_close_date": None,
    }
    empty = {"success": True, "data": [], "additional_data": {"next_cursor": None}}
    return {
        "/api/v2/deals": {**empty, "data": [deal]},
        "/api/v2/persons": empty,
        "/api/v2/activities": empty,
    }


def salesforce(stage: str, amount: float, modified: str) -> dict[str, Any]:
    deal = {
        "attributes": {"type": "Opportunity", "url": f"/services/data/v62.0/{SF_ID}"},
        "Id": SF_ID,
        "IsDeleted": False,
        "StageName": stage,
        "Amount": amount,
        "Probability": 10,
        "CloseDate": "2026-06-30",
        "OwnerId": "005000000000001AAA",
        "AccountId": None,
        "LeadSource": "Web",
        "CreatedDate": "2026-05-01T09:00:00.000+0000",
        "LastModifiedDate": modified,
    }

    def query(of: str) -> str:
        return (
            "/services/data/v62.0/queryAll?q=SELECT%20FIELDS%28STANDARD%29%20FROM%20"
            f"{of}%20WHERE%20SystemModstamp%20%3E%3D%202026-05-01T00%3A00%3A00Z"
            "%20ORDER%20BY%20SystemModstamp%2C%20Id"
        )

    done = {"totalSize": 0, "done": True, "records": []}
    return {
        "/services/oauth2/token": {"access_token": "short", "instance_url": "x"},
        **{query(of): done for of in ("Lead", "Contact", "Task")},
        query("Opportunity"): {
            "totalSize": 1,
            "done": False,
            "nextRecordsUrl": "/services/data/v62.0/query/01g-2000",
            "records": [deal],
        },
        "/services/data/v62.0/query/01g-2000": done,
    }


def zoho(stage: str, amount: float, modified: str) -> dict[str, Any]:
    deal = {
        "id": "3652397000000001",
        "Stage": stage,
        "Amount": amount,
        "Owner": {"id": "9", "name": "x"},
        "Pipeline": None,
        "Closing_Date": "2026-06-30",
        "Modified_Time": modified,
        "Contact_Name": {"id": "7", "name": "x"},
    }
    listed = {"id": deal["id"], "Modified_Time": modified}
    return {
        "/oauth/v2/token": {"access_token": "short", "expires_in": 3600, "token_type": "Bearer"},
        **{f"/crm/v8/{module}": 204 for module in ("Leads", "Contacts", "Calls", "Events")},
        "/crm/v8/Deals": {"data": [listed], "info": {"more_records": False}},
        "/crm/v8/Deals/3652397000000001": {"data": [deal]},
    }


def bitrix24(semantics: str, amount: str, modified: str) -> dict[str, Any]:
    deal = {
        "ID": "31",
        "STAGE_ID": {"S": "WON", "P": "NEW"}[semantics],
        "STAGE_SEMANTIC_ID": semantics,
        "OPPORTUNITY": amount,
        "CURRENCY_ID": "EUR",
        "ASSIGNED_BY_ID": "9",
        "LEAD_ID": "4",
        "CONTACT_ID": "7",
        "CATEGORY_ID": "0",
        "DATE_CREATE": "2026-05-01T09:00:00+00:00",
        "DATE_MODIFY": modified,
    }
    empty = {"result": [], "total": 0, "time": {}}
    others = ("crm.lead", "crm.contact", "crm.activity")
    return {
        **{f"/rest/1/t0ken/{name}.list": empty for name in others},
        "/rest/1/t0ken/crm.deal.list": {"result": [deal], "total": 1, "time": {}},
    }


def dynamics365(state: int, value: float, modified: str) -> dict[str, Any]:
    deal = {
        "@odata.etag": 'W/"1"',
        "opportunityid": GUID,
        "statecode": state,
        "statuscode": state + 1,
        "estimatedvalue": value,
        "actualvalue": value if state == 1 else None,
        "closeprobability": 50,
        "stepname": None,
        "_ownerid_value": OTHER,
        "_parentcontactid_value": None,
        "_originatingleadid_value": OTHER,
        "createdon": "2026-05-01T09:00:00Z",
        "modifiedon": modified,
    }
    sets = ("leads", "contacts", "phonecalls", "emails", "appointments", "invoices")
    return {
        "/token": {"access_token": "short", "expires_in": 3599, "token_type": "Bearer"},
        **{f"/api/data/v9.2/{name}": {"value": []} for name in sets},
        "/api/data/v9.2/opportunities": {"@odata.context": "x", "value": [deal]},
    }
