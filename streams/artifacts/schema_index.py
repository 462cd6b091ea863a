"""The index of the folder of schemas: what each topic carries, with links."""

from collections.abc import Iterator

from streams.alerts import ALERTS
from streams.artifacts.json_schemas import (
    ALERT,
    CURRENCY_SUFFIXES,
    ENTRY,
    PARTS,
    RECORD,
    parts_name,
)
from streams.config.settings import Settings
from streams.engine.catalogue.catalogue import SETTINGS
from streams.engine.catalogue.derived import Derived
from streams.engine.catalogue.kpi import Kpi
from streams.events import (
    EVENT_TYPES,
    REFERENCE_TOPICS,
    Common,
)
from streams.events.formats.schemas import schema_file, topics, type_name
from streams.output.records.plan_parts import PLAN_PARTS
from streams.wiring.catalogue import catalogue

INTRODUCTION = """\
# Schemas

JSON Schema (2020-12) of the events and records on every public topic, generated from the types
by `make generated`. Fields that a schema does not name are allowed and ignored.

- [openapi.json](openapi.json): OpenAPI 3.1 of the gateway, which serves it at `/openapi.json`
- [asyncapi.json](asyncapi.json): AsyncAPI 3.0 of the public topics; it refers to the schemas here
"""
EVENTS = """\
## Events

One JSON object per Kafka record; the key of the record is `subject`.
"""
REFERENCE = """\
## Reference records

Kept whole, not compacted. Of one key the record with the newest `at` is in force; `rep.set` and
`account.set` are patches, and each field has its newest value. The key is `rep` for
`crm.rep`, `account` for `crm.account`, `id` for `crm.spend`, `currency|date` for `crm.rate`, and
for `crm.target` `kpi|all|window|start` or `kpi|dimension=value|window|start`, with an empty start
where the target has none.
"""
KPI_RECORDS = f"""\
## KPI records

Topic `sales.kpis`, compacted, key `kpi|all|window|start` or `kpi|dimension=value|window|start`:
[{RECORD}.json]({RECORD}.json). A tombstone deletes a record. The records are written in
transactions: read them with `isolation.level=read_committed`.
"""
ALERT_RECORDS = f"""\
## Alerts

Topic `sales.alerts`, compacted, key `kind|subject`: [{ALERT}.json]({ALERT}.json). A tombstone
ends an alert.
"""
CATALOGUE = f"""\
## The catalogue

Topic `sales.catalogue`, compacted: the entry of each KPI under its name,
[{ENTRY}.json]({ENTRY}.json) ([example](examples/{ENTRY}.json)), and the settings in force under
`{SETTINGS}` ([example](examples/catalogue-{SETTINGS}.json)).
"""


def page() -> str:
    """Give the page, the same for the same types and catalogue."""
    events = [kind for kind in EVENT_TYPES if kind.topic not in REFERENCE_TOPICS]
    reference = [kind for kind in EVENT_TYPES if kind.topic in REFERENCE_TOPICS]
    lines = [
        INTRODUCTION,
        EVENTS,
        *_events(events),
        REFERENCE,
        *_events(reference),
        KPI_RECORDS,
        *_kpis(),
        ALERT_RECORDS,
        *_alerts(),
        CATALOGUE,
    ]
    return "\n".join(lines)


def _events(kinds: list[type[Common]]) -> Iterator[str]:
    yield "| type | topic | meaning | schema | example |"
    yield "|---|---|---|---|---|"
    for kind in kinds:
        name, file = type_name(kind), schema_file(kind)
        text = " ".join((kind.__doc__ or "").split())
        names = ", ".join(f"`{topic}`" for topic in topics(kind))
        yield (
            f"| `{name}` | {names} | {text} | [{name}.json]({file})"
            f" | [example](examples/{name}.json) |"
        )
    yield ""


def _kpis() -> Iterator[str]:
    yield "| KPI | unit | parts | scopes | meaning | example |"
    yield "|---|---|---|---|---|---|"
    for kpi in sorted(catalogue(Settings()).published, key=lambda kpi: kpi.name):
        scopes = ", ".join(f"`{scope}`" for scope in kpi.published_scopes)
        parts = ", ".join(f"`{name}`" for name in _parts(kpi))
        has_currency = kpi.unit in CURRENCY_SUFFIXES
        unit = f"money:…{CURRENCY_SUFFIXES[kpi.unit]}" if has_currency else kpi.unit
        text = " ".join(kpi.text.split())
        yield (
            f"| `{kpi.name}` | `{unit}` | {parts} | {scopes} | {text}"
            f" | [example](examples/{RECORD}.{kpi.name}.json) |"
        )
    yield ""


def _parts(kpi: Kpi | Derived) -> tuple[str, ...]:
    if isinstance(kpi, Derived) and kpi.name not in PLAN_PARTS:
        return kpi.shown
    fields: tuple[str, ...] = PARTS[parts_name(kpi)].__struct_fields__
    return fields


def _alerts() -> Iterator[str]:
    yield "| kind | meaning | example |"
    yield "|---|---|---|"
    for kind, text in ALERTS:
        yield f"| `{kind}` | {' '.join(text.split())} | [example](examples/{ALERT}.{kind}.json) |"
    yield ""
