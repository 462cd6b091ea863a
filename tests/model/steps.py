"""The order of things: played by the model, and compared with what the code does to Kafka."""

from enum import StrEnum


class Step(StrEnum):
    """One thing an owner does to Kafka."""

    FENCE = "InitProducerId"
    READ_STATE = "read rows and position"
    READ_PARTIALS = "read partials"
    READ_OUTPUT = "read output"
    BEGIN = "begin"
    LETTERS = "dead letters"
    GOAL = "goal"
    ROWS = "rows"
    POSITION = "position"
    ACKNOWLEDGED = "acknowledged"
    PARTIALS = "partials"
    PUBLISH = "output"
    CLAIM = "progress"
    END = "EndTxn"


# Taking a shard of stage 1, and of stage 2.
TAKE_SHARD = (Step.FENCE, Step.READ_PARTIALS, Step.READ_STATE)
TAKE_BOARD = (Step.FENCE, Step.READ_OUTPUT, Step.READ_PARTIALS)
# One transaction of stage 1 that has everything; what it has nothing of is left out.
COMMIT = (
    Step.BEGIN,
    Step.LETTERS,
    Step.ACKNOWLEDGED,
    Step.GOAL,
    Step.ROWS,
    Step.POSITION,
    Step.ACKNOWLEDGED,
    Step.PARTIALS,
    Step.ACKNOWLEDGED,
    Step.CLAIM,
    Step.ACKNOWLEDGED,
    Step.END,
)
# One transaction of stage 2.
PUBLISH = (
    Step.BEGIN,
    Step.PUBLISH,
    Step.CLAIM,
    Step.ACKNOWLEDGED,
    Step.END,
)
ROW_STEPS = (Step.GOAL, Step.ROWS, Step.POSITION)


def row_order(position: str) -> tuple[Step, ...]:
    """Give the order of a transaction's rows; a mutant has the position `first`, or outside."""
    rest = tuple(step for step in COMMIT if step in (Step.GOAL, Step.ROWS))
    if position == "first":
        return (Step.POSITION, *rest)
    return tuple(step for step in COMMIT if step in ROW_STEPS) if position == "last" else rest
