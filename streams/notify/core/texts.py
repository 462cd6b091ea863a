"""The words of a message: a title, and a line for each change or KPI."""

from collections import Counter
from collections.abc import Iterator

from msgspec.structs import asdict

from streams.languages.alert_text import sentence
from streams.languages.format import Formats
from streams.languages.language import Language, language
from streams.notify.core.message import AnyMessage, Change, Message, ReportMessage


def has_list(message: AnyMessage) -> bool:
    """Whether the title leaves something to be listed."""
    return isinstance(message, ReportMessage) or len(message.changes) > 1


def title(message: AnyMessage) -> str:
    """Return what a message is about, in one line."""
    if isinstance(message, ReportMessage):
        return message.title
    if len(message.changes) == 1:
        return _line(message.changes[0], Formats(language(message.language)))
    found = "; ".join(_counts(message))
    return found[0].upper() + found[1:]


def lines(message: AnyMessage, limit: int) -> Iterator[str]:
    """Yield a line for each change, new ones first, and one for those beyond a limit.

    Of a report, which has no more than can be read, each KPI has one.
    """
    if isinstance(message, ReportMessage):
        yield from (each.text for each in message.kpis)
        return
    formats = Formats(language(message.language))
    ordered = sorted(message.changes, key=lambda change: change.action != "raised")
    yield from (_line(change, formats) for change in ordered[:limit])
    if len(ordered) > limit:
        rest = formats.decimal(len(ordered) - limit)
        yield formats.language.text("message.more", count=rest)


def alert_sentence(change: Change, message: Message) -> str:
    """Return what the alert of a change says, in one line."""
    return _sentence(change, Formats(language(message.language)))


def _counts(message: Message) -> Iterator[str]:
    """How many alerts are new, by kind, and how many are gone."""
    formats = Formats(language(message.language))
    text, decimal = formats.language.text, formats.decimal
    kinds = Counter(change.alert.kind for change in message.changes if change.action == "raised")
    raised = kinds.total()
    if raised:
        listed = (
            text("message.kind", kind=_kind(kind, formats.language), count=decimal(count))
            for kind, count in kinds.most_common()
        )
        yield text("message.new", count=decimal(raised), kinds="; ".join(listed))
    if gone := len(message.changes) - raised:
        yield text("message.ended", count=decimal(gone))


def _kind(kind: str, language: Language) -> str:
    """Name a kind for people; one of one's own has its name in spaced words."""
    key = f"alert.{kind}"
    return language.text(key) if language.has(key) else kind.replace("_", " ")


def _line(change: Change, formats: Formats) -> str:
    named = ", ".join(filter(None, (change.alert.rep, change.alert.channel)))
    line = _sentence(change, formats) + (f" ({named})" if named else "")
    key = f"message.{change.action}_one"
    return formats.language.text(key, sentence=line) if change.action != "raised" else line


def _sentence(change: Change, formats: Formats) -> str:
    return " ".join(sentence(asdict(change.alert), formats).split())
