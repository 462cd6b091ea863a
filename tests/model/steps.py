"""The steps of the commit protocol: played by the model, and compared with the code's."""

from enum import StrEnum


class Step(StrEnum):
    """One step of a task towards Kafka."""

    FENCE = "InitProducerId"
    READ_STATE = "read state"
    READ_PARTIALS = "read partials"
    READ_OUTPUT = "read output"
    BEGIN = "begin"
    DEAD_LETTERS = "dead letters"
    FORWARDS = "forwarded events"
    TARGET_OFFSETS = "target offsets"
    EVENTS = "event records"
    SOURCE_OFFSETS = "source offsets"
    ACKNOWLEDGED = "acknowledged"
    PARTIALS = "partials"
    FORWARD_REMOVALS = "removals of forwarded events"
    PUBLISH = "output"
    PROGRESS_REPORT = "progress report"
    END = "EndTxn"


# The start of a task of stage 1, and of stage 2.
START_AGGREGATE = (Step.FENCE, Step.READ_PARTIALS, Step.READ_STATE)
START_MERGE = (Step.FENCE, Step.READ_OUTPUT, Step.READ_PARTIALS)
# One transaction of stage 1 that has everything; what it has nothing of is left out.
COMMIT = (
    Step.BEGIN,
    Step.DEAD_LETTERS,
    Step.ACKNOWLEDGED,
    Step.FORWARDS,
    Step.ACKNOWLEDGED,
    Step.TARGET_OFFSETS,
    Step.EVENTS,
    Step.SOURCE_OFFSETS,
    Step.ACKNOWLEDGED,
    Step.PARTIALS,
    Step.ACKNOWLEDGED,
    Step.FORWARD_REMOVALS,
    Step.ACKNOWLEDGED,
    Step.PROGRESS_REPORT,
    Step.ACKNOWLEDGED,
    Step.END,
)
# What a new owner of stage 2 commits before it publishes, if it has something to compare.
WITHDRAW = (Step.BEGIN, Step.PROGRESS_REPORT, Step.ACKNOWLEDGED, Step.END)
# One transaction of stage 2.
PUBLISH = (
    Step.BEGIN,
    Step.PUBLISH,
    Step.PROGRESS_REPORT,
    Step.ACKNOWLEDGED,
    Step.END,
)
STATE_STEPS = (Step.TARGET_OFFSETS, Step.EVENTS, Step.SOURCE_OFFSETS)


def state_order(source_offsets: str) -> tuple[Step, ...]:
    """The order of state records; a mutant has the source offsets `first`, or outside."""
    rest = tuple(step for step in COMMIT if step in (Step.TARGET_OFFSETS, Step.EVENTS))
    if source_offsets == "first":
        return (Step.SOURCE_OFFSETS, *rest)
    return (
        tuple(step for step in COMMIT if step in STATE_STEPS) if source_offsets == "last" else rest
    )
