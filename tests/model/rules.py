"""The rules of the protocol, and what each would be without it."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Rules:
    """By default the protocol as it is, in the hardest world; every mutant changes one thing."""

    fence: bool = True  # one transactional.id a shard and stage
    fence_first: bool = True  # InitProducerId before anything is read
    position: str = "last"  # of a transaction's rows; or `first`; or outside: `before`, `after`
    absolute: bool = True  # partials are values, not differences
    reconcile: bool = True  # a new owner compares its fold with the partials and republishes
    goal: bool = True  # rows begin with the position they lead to; short of it, no partials
    ordered: bool = True  # rows and position are acknowledged before the first partial is sent
    heartbeat: bool = True  # an idle owner commits now and then, and so learns it is fenced
    sets: bool = True  # rows are sets of events, not counters
    forward_first: bool = True  # others' events are forwarded before the position passes them
    removal_last: bool = True  # a forwarded event is removed after the rows that have it
    removal_again: bool = True  # ... and again by a new owner whose rows have it
    forwards_anew: bool = True  # a new owner reads forwarded events from its position on
    source_committed: bool = True  # events are read committed
    stable: bool = True  # ... up to the stable end, before any open transaction
    offsets_pass: bool = True  # source offsets pass markers and aborted records
    ranges: bool = True  # a gap is between two fetched ranges, not between two records
    exits: bool = True  # nobody aborts and goes on with the same producer
    board_committed: bool = True  # stage 2 reads committed partials only
    board_fence: bool = True  # stage 2 publishes in fenced transactions
    board_reconcile: bool = True  # a new owner of stage 2 compares with the output
    board_catches_up: bool = True  # ... and publishes nothing before it has caught up
    tombstones: bool = True  # they are kept until every reader has passed them
    verification: bool = True  # the broker asks the coordinator before a first append
    snapshot_digest: bool = True  # a snapshot of which parts are missing is not restored
    snapshot_fingerprint: bool = True  # ... nor one of another version
    snapshot_clock: bool = True  # ... nor one of a later instant
    snapshot_follow: bool = True  # what came after it is added, as to the rows that it knew
    # The world:
    late: bool = True  # copies of EndTxn and AddPartitionsToTxn arrive late
    transactions: bool = True  # some senders write in transactions
    clock: bool = True  # time passes, and things mature without an event
    snapshots: bool = True  # some owners write snapshots
    versions: bool = True  # new versions, and roll-backs, change what rows contribute


PROTOCOL = Rules()


@dataclass(frozen=True)
class Mutant:
    """The protocol without one rule."""

    rule: str
    rules: Rules
    # Among so many schedules from the first on one is wrong; caught sooner, the rest is spared.
    schedules: int
    first: int = 0


def _without(rule: str, schedules: int, first: int = 0, **change: object) -> Mutant:
    rules = replace(PROTOCOL, **change)  # type: ignore[arg-type]  # fields of Rules
    return Mutant(rule, rules, schedules, first)


# Three are seldom caught (one schedule in some hundreds, or thousands): they begin near one.
MUTANTS = {
    "no fence": _without("one transactional.id a shard and stage", 100, fence=False),
    "read first": _without("InitProducerId before anything is read", 500, fence_first=False),
    "counters": _without("rows are sets", 50, sets=False),
    "position first": _without("the position is the rows' last record", 200, position="first"),
    "position before": _without("the position is in the transaction", 50, position="before"),
    "no goal": _without("short of the goal no partial is published", 300, goal=False),
    "unordered": _without("rows are acknowledged before partials", 300, ordered=False),
    "differences": _without(
        "partials are absolute", 200, absolute=False, clock=False, versions=False
    ),
    "no reconciliation": _without("a new owner compares and republishes", 100, reconcile=False),
    "no heartbeat": _without("an idle owner commits now and then", 350, 150, heartbeat=False),
    "forward last": _without("forwarded before the position", 300, forward_first=False),
    "removed first": _without("removed after the rows", 100, 2400, removal_last=False),
    "removed once": _without("a new owner removes again", 300, removal_again=False),
    "skipped": _without("forwarded events are read from the position", 300, forwards_anew=False),
    "uncommitted events": _without("events are read committed", 100, source_committed=False),
    "past the stable end": _without("events are read to the stable end", 100, stable=False),
    "marker not passed": _without("source offsets pass markers", 100, offsets_pass=False),
    "marker is a gap": _without("gaps are between ranges", 100, ranges=False),
    "abort and go on": _without("nobody aborts and goes on", 300, exits=False),
    "uncommitted": _without("stage 2 reads committed records", 200, board_committed=False),
    "no fence in stage 2": _without("stage 2 is fenced", 500, board_fence=False),
    "no catching up": _without("stage 2 catches up first", 50, board_catches_up=False),
    "no comparison": _without("stage 2 compares with the output", 150, board_reconcile=False),
    "short tombstones": _without("tombstones outlast readers", 100, 1650, tombstones=False),
    "torn snapshot": _without("a snapshot is complete", 100, 800, snapshot_digest=False),
    "other version": _without("a snapshot is of this version", 50, 200, snapshot_fingerprint=False),
    "later snapshot": _without(
        "a snapshot is of an earlier instant", 100, 400, snapshot_clock=False
    ),
    "stale snapshot": _without("what came after is added", 50, snapshot_follow=False),
    "no verification": _without("brokers verify transactions", 500, verification=False),
}
