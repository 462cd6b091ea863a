"""Reference records on Kafka: kept whole, and refused by name where they name nothing."""

import asyncio

from streams.config.settings import Settings
from streams.events import RepSet
from streams.process.cancellation import ended
from streams.tasks.reference_data import ReferenceCursor, ReferenceData
from streams.wiring.catalogue import catalogue, known_names
from tests.installation.installed import produce
from tests.installation.noted import Noted

AT = "2026-05-01T00:00:00Z"


def target(name: str, kpi: str, **fields: object) -> dict[str, object]:
    usual = {"kpi": kpi, "scope": {}, "window": "month", "value": "10"}
    return {"id": name, "type": "target.set", "at": AT, **usual, **fields}


def rep(name: str, **fields: object) -> dict[str, object]:
    return {"id": name, "type": "rep.set", "at": AT, "rep": "ann", **fields}


async def test_record_that_names_what_does_not_exist_is_a_dead_letter(settings: Settings) -> None:
    noted = Noted()
    data = ReferenceData(settings, noted, known_names(catalogue(settings)))
    await produce(
        settings,
        [
            target("t1", "revenue_won"),
            target("t2", "revenue_wonn"),
            target("t3", "collected", scope={"campaign": "spring"}),
            rep("r1", timezone="Europe/Berln"),
            rep("r2", timezone="Europe/Berlin"),
            {
                "id": "x1",
                "type": "rate.set",
                "at": AT,
                "currency": "USD",
                "date": "2026-05-01",
                "rate": "0",
            },
        ],
    )
    reading = asyncio.create_task(data.read())
    await data.is_complete.wait()
    await ended(reading)
    assert sorted(record.id for record in data.records) == ["r2", "t1"]
    assert sorted(noted.rejections) == [
        ("crm.rate", "invalid number"),
        ("crm.rep", "unknown name"),
        ("crm.target", "unknown name"),
        ("crm.target", "unknown name"),
    ]
    letters = ReferenceCursor(data).rejected_since({})
    assert len(letters) == 4
    reasons = b"".join(body or b"" for _, body in letters)
    assert b"unknown KPI revenue_wonn; did you mean revenue_won?" in reasons


async def test_older_patches_are_kept(settings: Settings) -> None:
    data = ReferenceData(settings, Noted())
    await produce(
        settings,
        [
            rep("r2", unit="asia") | {"at": "2026-05-02T00:00:00Z"},
            rep("r1", team="north", unit="europe"),
            rep("r1", team="north", unit="europe"),
        ],
    )
    reading = asyncio.create_task(data.read())
    await data.is_complete.wait()
    await ended(reading)
    assert [record.id for record in data.records if isinstance(record, RepSet)][:2] == ["r2", "r1"]
