"""Exports of each CRM, as it writes them, give the KPIs of the same story in canonical events."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.sources.identity import person
from tests.sources.exports.exported import exported, rows
from tests.sources.translated import KEY, kpis, shipped

HUBSPOT_DEALS = """\
"Record ID","Deal Name","Deal Stage","Close Date","Deal owner","Amount","Currency","Pipeline",\
"Create Date","Last Modified Date","Closed Lost Reason","Associated Contact IDs"
"501","Acme 1","Closed won (Sales Pipeline)","2026-11-10 15:00","ann","1250.50","EUR","Sales",\
"2026-11-02 09:00","2026-11-12 08:00","","71;72"
"502","Acme 2","Closed lost","2026-11-11 10:00","ben","900","EUR","Sales",\
"2026-11-03 09:00","2026-11-11 10:00","price",""
"503","Acme 3","Contract sent","2026-12-24 10:00","ann","3,000","","Sales",\
"2026-11-04 09:00","2026-11-20 16:00","",""
"""
HUBSPOT_CONTACTS = """\
Record ID,First Name,Email,Phone Number,Contact owner,Create Date,Last Modified Date,Original Source
71,Eve,Eve@Example.com,+1 (415) 555-0100,ann,2026-11-01 08:00,2026-11-01 09:00,Organic Search
"""
SALESFORCE_DEALS = """\
"Id","IsDeleted","AccountId","Name","StageName","Amount","CloseDate","IsClosed","IsWon",\
"CurrencyIsoCode","OwnerId","CreatedDate","LastModifiedDate"
"006A","0","","One","Closed Won","1250.50","2026-11-10","1","1","EUR","ann",\
"2026-11-02T09:00:00.000Z","2026-11-12T08:00:00.000Z"
"006B","0","","Two","Closed Lost","900.0","2026-11-11","1","0","EUR","ben",\
"2026-11-03 09:00:00","2026-11-11 10:00:00"
"006C","0","","Three","Negotiation","3000","2026-12-24","0","0","EUR","ann",\
"2026-11-04 09:00:00","2026-11-20 16:00:00"
"006D","1","","Four","Negotiation","3000","2026-12-24","0","0","EUR","ann",\
"2026-11-04 09:00:00","2026-11-20 16:00:00"
"""
SALESFORCE_HISTORY = """\
"Id","OpportunityId","CreatedById","CreatedDate","StageName","Amount","ExpectedRevenue","CloseDate"
"008A","006A","005","2026-11-02T09:00:00.000Z","Prospecting","1000","100","2026-11-10"
"008B","006A","005","2026-11-10T15:00:00.000Z","Closed Won","1250.50","1250.50","2026-11-10"
"""
SALESFORCE_LEADS = """\
"Id","Email","Phone","LeadSource","Status","OwnerId","IsConverted","ConvertedDate",\
"ConvertedContactId","ConvertedOpportunityId","CreatedDate","LastModifiedDate"
"00Q1","","","Web","Closed - Converted","ann","1","2026-11-02","003A","006A",\
"2026-11-01T08:00:00.000Z","2026-11-02T09:00:00.000Z"
"""
PIPEDRIVE_DEALS = """\
Deal - ID,Deal - Title,Deal - Value,Deal - Currency of Value,Deal - Status,Deal - Stage,\
Deal - Pipeline,Deal - Owner,Deal - Contact person ID,Deal - Deal created,Deal - Update time,\
Deal - Won time,Deal - Lost time,Deal - Lost reason,Deal - Expected close date
501,One,"1,250.50",EUR,Won,Contract,Sales,ann,71,2026-11-02 09:00:00,2026-11-12 08:00:00,\
2026-11-10 15:00:00,,,
502,Two,900,EUR,Lost,Contract,Sales,ben,,2026-11-03 09:00:00,2026-11-11 10:00:00,,\
2026-11-11 10:00:00,price,
503,Three,3000,EUR,Open,Contract,Sales,ann,,2026-11-04 09:00:00,2026-11-20 16:00:00,,,,2026-12-24
"""
AMOCRM_LEADS = """\
ID;Название сделки;Бюджет ;Ответственный;Дата создания сделки;Кем создана сделка;\
Дата редактирования;Дата закрытия;Теги;Этап сделки;Воронка;Рабочий телефон (контакт)
501;Одна;1 250,50;ann;02.11.2026 12:00:00;ann;12.11.2026 11:00:00;10.11.2026 18:00:00;;\
Успешно реализовано;Sales;'+7 (495) 555-01-00
502;Две;900;ben;03.11.2026 12:00:00;ben;11.11.2026 13:00:00;11.11.2026 13:00:00;;\
Закрыто и не реализовано;Sales;
503;Три;3000;ann;04.11.2026 12:00:00;ann;20.11.2026 19:00:00;не закрыта;;Договор;Sales;
"""
CSV_DEALS = """\
deal,status,stage,pipeline,amount,currency,rep,created,changed,closed,expected_close,reason
501,won,,Sales,1250.50,EUR,ann,2026-11-02 09:00,2026-11-12 08:00,2026-11-10 15:00,,
502,Lost,,Sales,900,EUR,ben,2026-11-03T09:00:00Z,2026-11-11 10:00,2026-11-11 10:00,,price
503,open,,Sales,3000,EUR,ann,2026-11-04 09:00,2026-11-20 16:00,,2026-12-24,
"""


def deal(deal: str, at: str, rep: str, **fields: Any) -> dict[str, Any]:
    """One change of a deal that has its own subject."""
    number = f"{deal}-{at}"
    event = {"id": number, "type": "deal.changed", "at": at, "subject": deal, "deal": deal}
    return event | {"rep": rep, "currency": "EUR"} | fields


def story(names: tuple[str, str, str]) -> list[dict[str, Any]]:
    """Three deals: one won, one lost, one open."""
    won, lost, still = names
    return [
        deal(won, "2026-11-02T09:00:00Z", "ann", amount="1250.50"),
        deal(won, "2026-11-10T15:00:00Z", "ann", status="won"),
        deal(lost, "2026-11-03T09:00:00Z", "ben", amount="900"),
        deal(lost, "2026-11-11T10:00:00Z", "ben", status="lost", reason="price"),
        deal(still, "2026-11-04T09:00:00Z", "ann", amount="3000"),
        deal(still, "2026-11-20T16:00:00Z", "ann", status="open"),
    ]


# What does not depend on names of pipelines and stages, and on what an export does not know.
COMPARED = (
    *("revenue_won", "deal_count", "deal_size", "close_rate", "close_rate_value", "cycle_time"),
    *("deal_conversion", "pipeline_amount", "pipeline_count", "pipeline_created"),
)


def compared(events: list[Any], kpi: tuple[str, ...] = COMPARED) -> dict[str, Any]:
    found = kpis(events)
    return {
        key: record
        for key, record in found.items()
        if record["kpi"] in kpi and not {"pipeline", "stage", "channel"} & record["scope"].keys()
    }


NUMBERS = ("501", "502", "503")
FILES = {
    "hubspot": (HUBSPOT_DEALS.replace('"3,000",""', '"3,000","EUR"'), NUMBERS),
    "pipedrive": (PIPEDRIVE_DEALS, NUMBERS),
    "csv": (CSV_DEALS, NUMBERS),
}


@pytest.mark.parametrize("source", FILES)
def test_exported_deals_give_the_kpis_of_their_story(source: str) -> None:
    content, names = FILES[source]
    events = [event for event in exported(source, content) if b"subject.merged" not in event]
    assert compared(events) == compared(story(names))
    assert compared([*reversed(events), *events]) == compared(story(names))


def test_exported_leads_of_amocrm_give_the_kpis_of_their_story() -> None:
    events = exported("amocrm", AMOCRM_LEADS)
    deals = [json.loads(event) for event in events if b'"deal.changed"' in event]
    assert {each["currency"] for each in deals} == {"RUB"}
    given = compared([each | {"currency": "EUR"} for each in deals])
    wanted = compared([each | {"reason": None} for each in story(NUMBERS)])
    assert given == wanted


def test_exported_opportunities_are_closed_on_their_close_date() -> None:
    events = [event for event in exported("salesforce", SALESFORCE_DEALS) if b"006D" not in event]
    wanted = story(("006A", "006B", "006C"))
    wanted[1]["at"], wanted[3]["at"] = "2026-11-10T00:00:00Z", "2026-11-11T00:00:00Z"
    assert compared(events) == compared(wanted)


def test_deleted_opportunity_is_deleted() -> None:
    found = [json.loads(event) for event in exported("salesforce", SALESFORCE_DEALS)]
    assert [each["type"] for each in found if each["subject"].endswith("006D")] == ["deal.deleted"]


def test_won_deal_that_was_created_the_same_day_stays_won() -> None:
    row = SALESFORCE_DEALS.splitlines()[1].replace("2026-11-10", "2026-11-02")
    content = f"{SALESFORCE_DEALS.splitlines()[0]}\n{row}\n"
    (record,) = [
        record
        for key, record in kpis(exported("salesforce", content)).items()
        if key.startswith("deal_count|all|year")
    ]
    assert record["value"] == 1


def test_stage_history_of_opportunities_is_complete() -> None:
    found = [json.loads(event) for event in exported("salesforce", SALESFORCE_HISTORY)]
    assert [(each["at"], each["stage"], each["status"], each["amount"]) for each in found] == [
        ("2026-11-02T09:00:00Z", "Prospecting", "open", "1000"),
        ("2026-11-10T15:00:00Z", "Closed Won", "won", "1250.50"),
    ]


def test_converted_lead_leads_to_its_deal() -> None:
    found = [json.loads(event) for event in exported("salesforce", SALESFORCE_LEADS)]
    assert {(each["type"], each["subject"], each.get("into")) for each in found} == {
        ("lead.created", "salesforce:lead:00Q1", None),
        ("lead.assigned", "salesforce:lead:00Q1", None),
        ("lead.qualified", "salesforce:lead:00Q1", None),
        ("subject.merged", "salesforce:deal:006A", "salesforce:lead:00Q1"),
        ("subject.merged", "salesforce:lead:003A", "salesforce:lead:00Q1"),
    }


def test_contact_of_hubspot_brings_its_number_and_address() -> None:
    found = [json.loads(event) for event in exported("hubspot", HUBSPOT_CONTACTS)]
    contact = "hubspot:contact:71"
    assert {(each["type"], each["subject"], each.get("into")) for each in found} == {
        ("lead.created", contact, None),
        ("lead.assigned", contact, None),
        ("subject.merged", person("phone", "14155550100", KEY), contact),
        ("subject.merged", person("email", "eve@example.com", KEY), contact),
    }
    assert found[0]["channel"] == "organic search"


def test_deal_of_hubspot_belongs_to_its_first_contact() -> None:
    found = [json.loads(event) for event in exported("hubspot", HUBSPOT_DEALS)]
    merged = [each for each in found if each["type"] == "subject.merged"]
    assert [(each["subject"], each["into"]) for each in merged] == [
        ("hubspot:deal:501", "hubspot:contact:71")
    ]


def test_stages_of_hubspot_have_the_names_that_webhooks_have() -> None:
    found = [json.loads(event) for event in exported("hubspot", HUBSPOT_DEALS)]
    stages = {each["stage"] for each in found if "stage" in each}
    assert stages == {"closedwon", "closedlost", "contractsent"}


def test_file_has_no_names_of_people_in_its_events() -> None:
    for source, content in (("hubspot", HUBSPOT_CONTACTS), ("amocrm", AMOCRM_LEADS)):
        written = b"".join(exported(source, content)).decode()
        for secret in ("Eve", "eve@", "4155550100", "555-01-00", "Одна"):
            assert secret not in written


def test_bad_status_of_a_plain_file_is_named() -> None:
    _, wrong = rows("csv", b"deal,status,amount\n1,sold,5\n")
    assert [str(each) for each in wrong] == [
        "line 2, field state: 'sold' is not in [table.status], which has no else"
    ]


def test_plain_files_of_leads_calls_invoices_and_payments() -> None:
    files = {
        "leads": "lead,created,rep,channel,phone\n7,2026-11-02 09:00,ann,web,+1 415 555 0100\n",
        "calls": "call,at,rep,phone,outcome,seconds\n"
        "1,2026-11-02 09:20,ann,+14155550100,connected,60\n",
        "invoices": "invoice,account,issued,due,amount,currency\n"
        "R1,acme,2026-11-03,2026-11-17,100.00,EUR\n",
        "payments": "payment,invoice,account,paid,amount,currency\n"
        "P1,R1,acme,2026-11-05 10:00,100.00,EUR\n",
    }
    found = kpis([event for content in files.values() for event in exported("csv", content)])
    values = {key: record["value"] for key, record in found.items()}
    assert values["response_time|all|year|2026-01-01T00:00:00+00:00"] == 20 * 60_000
    assert values["collected|all|year|2026-01-01T00:00:00+00:00"] == "100.00"


@given(
    st.sampled_from(sorted(name for name, source in shipped().items() if source.files)),
    st.lists(st.text(alphabet=st.characters(codec="utf-8"), max_size=20), max_size=12),
    st.data(),
)
def test_no_row_is_more_than_rejected(source: str, cells: list[str], data: st.DataObject) -> None:
    layout = data.draw(st.sampled_from([*shipped()[source].files.values()]))
    headers = [*layout.headers.values()]
    item = dict(zip(headers, cells, strict=False))
    content = "\n".join((json.dumps(dict.fromkeys(headers, "")), json.dumps(item)))
    rows(source, content.encode(), layout.kind)


@pytest.mark.parametrize("value", ['"\\ud800"', "1" * 40, "1e999999", "[" * 900 + "]" * 900, "{}"])
def test_json_that_no_field_can_hold_is_rejected(value: str) -> None:
    line = f'{{"call": "1", "at": {value}, "outcome": "busy", "rep": "ann"}}'
    _, wrong = rows("csv", line.encode())
    assert [each.line for each in wrong] == [1]


def test_numbers_of_more_than_64_bits_are_exact() -> None:
    (event,) = exported(
        "csv",
        '{"payment": 1, "invoice": 123456789012345678901234567890, "account": "a",'
        ' "paid": "2026-11-02", "amount": 12345678901234567.89, "currency": "EUR"}',
    )
    found = json.loads(event)
    assert (found["invoice"], found["amount"]) == (
        "123456789012345678901234567890",
        "12345678901234567.89",
    )
