"""What a source expects of an answer, and what of its requests is kept."""

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from streams.config.rules.table import Table

Method: TypeAlias = Literal["POST", "PUT", "PATCH", "DELETE", "GET"]
Retries: TypeAlias = Literal["never", "few", "many"]
METHODS: tuple[Method, ...] = get_args(Method)
RETRIES: tuple[Retries, ...] = get_args(Retries)
DEADLINE_MS = 4_000


@dataclass(frozen=True, slots=True)
class DeliveryRules:
    """How a source is answered.

    Attributes:
        deadline_ms: How long it may wait for an answer, with some reserve.
        ok, later, refused, broken: HTTP status for a request that is kept, for one that is to come
            again, for one that is not verified, and for one that can never be read.
        answer, answer_type: Body and media type that go with `ok`; both may be empty.
        methods: Those of its requests that carry events.
        keep: Headers that go to the inbox, by name in lower case.
        strip: Dotted paths of live tokens that are removed from the body before it is kept.
        retries: Whether an outage is loss: `never` repeated, a `few` times or until the source
            switches itself off, or `many` times over hours.
    """

    deadline_ms: int
    ok: int
    later: int
    refused: int
    broken: int
    answer: str
    answer_type: str
    methods: tuple[Method, ...]
    keep: tuple[str, ...]
    strip: tuple[str, ...]
    retries: Retries


def delivery_rules(table: Table) -> DeliveryRules:
    """Read the table `delivery` of a mapping file. Raises BadSetting."""
    methods = table.options("methods", ("POST",), METHODS)
    rules = DeliveryRules(
        deadline_ms=table.number("deadline_ms", DEADLINE_MS, 100, 60_000),
        ok=table.number("ok", 200, 200, 299),
        later=table.number("later", 503, 400, 599),
        refused=table.number("refused", 401, 400, 499),
        broken=table.number("broken", 400, 400, 499),
        answer=table.text("answer", ""),
        answer_type=table.text("answer_type", ""),
        methods=tuple(each for each in METHODS if each in methods),
        keep=tuple(name.lower() for name in table.options("keep", ())),
        strip=table.options("strip", ()),
        retries=table.choice("retries", RETRIES, "many"),
    )
    if rules.answer and not rules.answer_type:
        table.reject("answer_type", "is missing", 'write it down, such as "text/xml"')
    table.finish()
    return rules
