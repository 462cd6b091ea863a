"""HubSpot: what is easily taken for something else in its webhooks and records."""

import json

from tests.sources.stories.crm.hubspot_requests import (
    CONNECTED,
    association,
    called,
    change,
    contact,
    deal,
    of,
    request,
)
from tests.sources.stories.crm.stories import assert_same, at, event, iso, record
from tests.sources.translated import kpis, outcome, translated


def test_records_of_objects_are_told_of_by_their_type() -> None:
    found = outcome(
        "hubspot",
        [
            change("object.creation", 1, at(2), objectTypeId="0-48"),
            change("object.creation", 2, at(2), objectTypeId="0-49"),
            change("object.propertyChange", 3, at(2), objectTypeId="0-47", propertyName="x"),
            change("object.creation", 4, at(2), objectTypeId="0-1"),
        ],
    )
    assert [(each.kind, each.id) for each in found.reads] == [
        ("call", "1"),
        ("email", "2"),
        ("meeting", "3"),
        ("contact", "4"),
    ]


def test_newer_format_of_a_stage_is_the_same_deal() -> None:
    fields = {"propertyName": "dealstage", "propertyValue": "closedwon", "objectTypeId": "0-3"}
    found = outcome("hubspot", [change("object.propertyChange", 55, at(2), **fields)])
    (told,) = map(json.loads, found.events)
    assert (told["subject"], told["status"]) == ("hubspot:deal:55", "won")


def test_merge_into_a_new_contact_brings_along_both() -> None:
    merge = change(
        "contact.merge", 7, at(2), primaryObjectId=7, mergedObjectIds=[8, 9], newObjectId=10
    )
    events = [json.loads(each) for each in outcome("hubspot", [merge]).events]
    assert {(each["subject"], each["into"]) for each in events} == {
        (f"hubspot:contact:{number}", "hubspot:contact:10") for number in (7, 8, 9)
    }


def test_merge_asks_for_the_survivor_whose_new_fields_no_webhook_tells() -> None:
    merge = change("deal.merge", 55, at(2), primaryObjectId=55, mergedObjectIds=[56])
    assert [(each.kind, each.id) for each in outcome("hubspot", [merge]).reads] == [("deal", "55")]


def test_deletion_of_a_merged_contact_takes_nothing_away() -> None:
    before = [request(change("contact.creation", 8, at(2))), called(1, 8, at(3), CONNECTED)]
    after = [*before, request(change("contact.deletion", 8, at(4)))]
    assert kpis(translated("hubspot", after)) == kpis(translated("hubspot", before))


def test_merged_deal_counts_once() -> None:
    told = translated(
        "hubspot",
        [
            request(*deal(55, at(2), dealstage="closedwon", amount="10", deal_currency_code="EUR")),
            request(*deal(56, at(2), dealstage="closedwon", amount="10", deal_currency_code="EUR")),
            request(
                change("deal.deletion", 56, at(3)),
                change("deal.merge", 55, at(3), primaryObjectId=55, mergedObjectIds=[56]),
            ),
        ],
    )
    assert kpis(told)["deal_count|all|year|2026-01-01T00:00:00+00:00"]["value"] == 1


def test_person_who_is_to_be_forgotten_is_erased() -> None:
    told = [
        request(change("contact.creation", 8, at(2))),
        request(change("contact.privacyDeletion", 8, at(4)), change("contact.deletion", 8, at(4))),
    ]
    assert kpis(translated("hubspot", told)) == {}


def test_restored_deal_counts_again() -> None:
    told = [
        request(*deal(55, at(2), dealstage="closedwon")),
        request(change("deal.deletion", 55, at(3))),
        request(change("deal.restore", 55, at(4))),
    ]
    found = kpis(translated("hubspot", told))
    assert found["deal_count|all|year|2026-01-01T00:00:00+00:00"]["value"] == 1


def test_association_that_is_removed_leaves_the_deal_to_itself() -> None:
    taken = [
        request(change("contact.creation", 7, at(2))),
        request(*deal(55, at(3), dealstage="closedwon")),
        request(*association(55, 7, at(3))),
        request(*association(55, 7, at(4), removed=True)),
    ]
    apart = [
        event("lead.created", at(2), "dana"),
        event("deal.changed", at(3), "alone", deal="55", stage="closedwon", status="won"),
    ]
    assert_same("hubspot", taken, apart)


def test_newer_association_of_a_deal_replaces_the_older() -> None:
    moved = [
        request(change("contact.creation", 7, at(2))),
        request(change("contact.creation", 8, at(2, "10:00:00"))),
        called(1, 8, at(2, "11:00:00"), CONNECTED),
        request(*deal(55, at(3), dealstage="closedwon")),
        request(*association(55, 7, at(3))),
        request(*association(55, 8, at(4))),
    ]
    call = {"rep": "11", "direction": "outbound", "outcome": "connected"}
    of_the_other = [
        event("lead.created", at(2), "first"),
        event("lead.created", at(2, "10:00:00"), "second"),
        event("call.ended", at(2, "11:00:00"), "second", **call),
        event("deal.changed", at(3), "second", deal="55", stage="closedwon", status="won"),
    ]
    assert_same("hubspot", moved, of_the_other)


def test_removed_association_asks_which_contacts_the_deal_has_left() -> None:
    found = outcome("hubspot", association(55, 7, at(4), removed=True))
    assert [(each.kind, each.id) for each in found.reads] == [("deal", "55")]


def test_deal_read_has_the_contact_that_is_left() -> None:
    properties = {"dealstage": "closedwon", "deal_currency_code": "EUR", "amount": "10"}
    times = {"updatedAt": iso(at(5)), "createdAt": iso(at(2))}
    fields = {"id": "55", "properties": properties, "associations": of(8), **times}
    events = [
        json.loads(each) for each in translated("hubspot", [record("hubspot", "deal", fields)])
    ]
    merged = next(each for each in events if each["type"] == "subject.merged")
    assert (merged["subject"], merged["into"]) == ("hubspot:deal:55", "hubspot:contact:8")


def test_deal_in_an_unnamed_stage_is_won_by_hubspots_own_reckoning() -> None:
    changes = [*deal(55, at(2), dealstage="917", hs_is_closed_won="true")]
    found = kpis(translated("hubspot", [request(*changes)]))
    assert found["deal_count|all|year|2026-01-01T00:00:00+00:00"]["value"] == 1


def test_reason_saved_with_the_stage_is_that_of_the_loss() -> None:
    changes = [*deal(55, at(2), closed_lost_reason="price", dealstage="closedlost")]
    found = kpis(translated("hubspot", [request(*changes)]))
    reasons = found["lost_reasons|all|year|2026-01-01T00:00:00+00:00"]
    assert reasons["parts"]["counts"] == {"price": 1}


def test_cleared_amount_is_no_longer_known() -> None:
    (told,) = outcome("hubspot", [*deal(55, at(2), amount="")]).events
    assert json.loads(told)["amount"] is None


def test_contact_without_a_number_names_none() -> None:
    assert outcome("hubspot", [*contact(7, at(2), phone="")]).events == []
