"""The doctor's check of names in rules: reps, and groups of reps, that `crm.rep` lacks."""

from collections.abc import Iterator
from typing import NamedTuple

from aiokafka import TopicPartition

from streams.config.rules import Rules, read
from streams.config.rules.notify import NotifyRules
from streams.config.settings import Settings
from streams.engine.catalogue.dimensions import ROLLED_UP
from streams.engine.catalogue.patched_records import RepRecords
from streams.events import RepSet
from streams.events.formats.kafka_records import decode_record
from streams.kafka.reader import ends, read_to
from streams.operations.findings import Finding

REP = "rep"
LISTED = 10
Scope = tuple[str, str]


class Named(NamedTuple):
    """A rule, and the reps and groups that it names, such as `("team", "south")`."""

    rule: str
    scopes: set[Scope]


async def check_names(settings: Settings) -> list[Finding]:
    """Report rules that name reps, or groups of reps, that are unknown in `crm.rep`."""
    rules = list(named(read(settings.rules)))
    if not any(each.scopes for each in rules):
        return []
    known = await organisation(settings)
    found = []
    for rule, scopes in rules:
        unknown = sorted(scopes - known, key=lambda scope: (scope[0] != REP, scope))
        if unknown:
            names = ", ".join(f"{kind} {name!r}" for kind, name in unknown[:LISTED])
            more = f" and {len(unknown) - LISTED} more" if len(unknown) > LISTED else ""
            problem = f"rules: {rule} names {names}{more}, unknown in crm.rep"
            advice = "check the spelling, or send the missing rep.set"
            found.append(Finding(problem, advice=advice, is_doubtful=True))
    return found


def named(rules: Rules) -> Iterator[Named]:
    """Yield each rule with whom it names."""
    for rule in rules.commission:
        reps = {*(rule.reps or ()), *(rep for rep, _ in rule.splits)}
        yield Named(repr(rule.name), {(REP, rep) for rep in reps} | _scopes(rule.scope))
    yield from named_in_notify(rules.notify)
    for number, access in enumerate(rules.page.access, 1):
        parts = (scope.partition("=") for scope in access.scopes or ())
        yield Named(f"page.access {number}", {(kind, name) for kind, _, name in parts})


def named_in_notify(rules: NotifyRules) -> Iterator[Named]:
    """Yield each route and report with whom it names, and the addresses."""
    for route in rules.routes:
        reps = {(REP, rep) for rep in route.reps}
        yield Named(f"notify.route {route.name!r}", reps | {("team", team) for team in route.teams})
    for report in rules.reports:
        kind, _, name = report.scope.partition("=")
        yield Named(f"notify.report {report.name!r}", {(kind, name)} if name else set())
    yield Named("notify.addresses", {(REP, rep) for rep in rules.addresses})


def _scopes(scope: Scope | None) -> set[Scope]:
    return set() if scope is None else {scope}


async def organisation(settings: Settings) -> set[Scope]:
    """Return the known reps, and their current teams, departments and units."""
    current = RepRecords()
    reps = TopicPartition(RepSet.topic, 0)
    async for _, records in read_to(settings, await ends(settings, [reps], committed=True)):
        for event in (decode_record(record.value, record.headers) for record in records):
            if isinstance(event, RepSet):
                current.apply(event)
    groups = {
        (group, name)
        for record in current.values()
        for group in ROLLED_UP
        if (name := getattr(record, group))
    }
    return {(REP, rep) for rep in current} | groups
