"""The two examples of mapping files: HubSpot's array of changes, amoCRM's form of items."""

import json

from tests.sources.translated import kpis, outcome, translated

AMOCRM = (
    b"leads[status][0][id]=71&leads[status][0][status_id]=142&leads[status][0][pipeline_id]=5"
    b"&leads[status][0][price]=1000&leads[status][0][last_modified]=1795000000"
    b"&account[subdomain]=acme"
)


def change(number: int, stage: str) -> dict[str, object]:
    """A deal's stage changes."""
    return {
        "eventId": number,
        "subscriptionId": 1,
        "portalId": 62515,
        "occurredAt": 1_795_000_000_000 + number,
        "subscriptionType": "deal.propertyChange",
        "attemptNumber": 0,
        "objectId": 55,
        "propertyName": "dealstage",
        "propertyValue": stage,
    }


def test_hubspot_stage_becomes_a_deal_that_is_won() -> None:
    (event,) = outcome("hubspot", [change(1, "closedwon")]).events
    found = json.loads(event)
    assert found["subject"] == "hubspot:deal:55"
    assert (found["deal"], found["status"], found["at"]) == (
        "55",
        "won",
        "2026-11-18T11:06:40.001000Z",
    )


def test_amocrm_lead_becomes_a_deal_that_is_won() -> None:
    (event,) = outcome("amocrm", AMOCRM).events
    found = json.loads(event)
    assert (found["deal"], found["status"], found["amount"]) == ("71", "won", "1000")


def test_events_of_a_source_make_kpis() -> None:
    records = kpis(translated("hubspot", [json.dumps([change(1, "closedwon")]).encode()]))
    assert records["deal_count|all|day|2026-11-18T00:00:00+00:00"]["value"] == 1
