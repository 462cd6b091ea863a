"""What a CRM's own webhooks have brought is not repaired by its records, whatever the ids."""

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from streams.events import Rejected, decode
from streams.operations.sources.pulling.held import HeldEvents
from tests.sources.fake_crm import fake_crm
from tests.sources.pulling.answers import CRMS
from tests.sources.pulling.test_crms import Company, kind_of
from tests.sources.translated import outcome

BY_SOURCE = {each.source: each for each in CRMS}
AT = "2026-05-01T11:00:00.000Z"
RECEIVED = 1_777_633_200_000  # the same


def record(source: str, path: str, *steps: str | int) -> dict[str, Any]:
    """Give a record as the API has it after the change."""
    found = BY_SOURCE[source].changed[path]
    if callable(found):
        found = found({"params": {"args": [0, 0, 0, "crm.lead"]}})
    for step in steps:
        found = found[step]
    return dict(found)


def amocrm() -> bytes:
    lead = {
        "id": 71,
        "status_id": 142,
        "pipeline_id": 5,
        "price": 1000,
        "responsible_user_id": 9,
        "date_create": 1_777_626_000,
        "last_modified": 1_777_633_200,
    }
    pairs = {f"leads[add][0][{name}]": value for name, value in lead.items()}
    return urlencode({**pairs, "account[subdomain]": "acme"}).encode()


def pipedrive() -> dict[str, Any]:
    meta = {
        "action": "change",
        "entity": "deal",
        "entity_id": 12,
        "company_id": 1,
        "id": "u1",
        "timestamp": AT,
        "version": "2.0",
    }
    return {"meta": meta, "data": record("pipedrive", "/api/v2/deals", "data", 0), "previous": {}}


def odoo() -> dict[str, Any]:
    head = {"_model": "crm.lead", "_id": 5, "_action": "x(#1)"}
    return {**head, **record("odoo", "/jsonrpc", "result", 0)}


def twenty() -> dict[str, Any]:
    deal = record("twenty", "/rest/opportunities", "data", "opportunities", 0)
    head = {"eventName": "opportunity.updated", "workspaceId": "w", "eventDate": AT}
    return {**head, "record": deal}


def espocrm() -> list[dict[str, Any]]:
    return [record("espocrm", "/api/v1/Opportunity/6650a1b2c3d4e5f60")]


def erpnext() -> dict[str, Any]:
    path = "/api/resource/Opportunity/CRM-OPP-2026-00001"
    return {**record("erpnext", path, "data"), "event": "on_update"}


@pytest.mark.parametrize(
    ("source", "body", "missing"),
    [
        # The webhook of a deal does not name its contact.
        ("amocrm", amocrm(), ["subject.merged"]),
        ("pipedrive", pipedrive(), []),
        ("odoo", odoo(), []),
        ("twenty", twenty(), []),
        ("espocrm", espocrm(), []),
        ("erpnext", erpnext(), []),
    ],
)
async def test_what_webhooks_brought_is_not_missing(
    source: str, body: object, missing: list[str], tmp_path: Path
) -> None:
    query = {"event": "Opportunity.create"}
    translation = outcome(source, body, query=query, received=RECEIVED)
    assert translation.unmapped == []
    held = HeldEvents()
    for event in map(decode, translation.events):
        assert not isinstance(event, Rejected)
        held.add(event)
    crm = BY_SOURCE[source]
    async with fake_crm() as server:
        found = await Company(crm, tmp_path, server).changed(crm.changed)
    assert [kind_of(each) for each in found if not held.has(each)] == missing
