"""Findings of the doctor, and its checks of transactions and of the workers' progress."""

from dataclasses import dataclass

from streams.config.settings import Settings
from streams.events import REFERENCE_TOPICS, SOURCE_TOPICS
from streams.internal_topics.progress import Behind
from streams.kafka.hanging_transactions import RECHECK_SECONDS, hanging_transactions

MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check; `advice` is given where it is not fine, or may not be."""

    what: str
    is_fine: bool = True
    advice: str = ""
    is_doubtful: bool = False

    @property
    def verdict(self) -> str:
        """The result in at most five letters: ok, look or WRONG."""
        if not self.is_fine:
            return "WRONG"
        return "look" if self.is_doubtful else "ok"

    @property
    def colour(self) -> str:
        """Green, yellow or red."""
        return {"ok": "green", "look": "yellow"}.get(self.verdict, "red")


async def check_transactions(
    settings: Settings, recheck_s: float = RECHECK_SECONDS
) -> list[Finding]:
    """Report transactions that were left open for good, and how to end them."""
    findings = []
    for found in await hanging_transactions(settings, recheck_s):
        topic, partition = found.partition
        minutes = (Settings().clock() - found.at) / MINUTE_MS
        problem = (
            f"{topic}/{partition} cannot be read past offset {found.offset}: a transaction has"
            f" been open there for {minutes:.0f} min"
        )
        abort = (
            f"kafka-transactions.sh --bootstrap-server {settings.bootstrap} abort"
            f" --topic {topic} --partition {partition} --start-offset {found.offset};"
        )
        if topic in (*SOURCE_TOPICS, *REFERENCE_TOPICS):
            advice = (
                "end or restart its producer; Kafka itself ends it after the producer's"
                f" transaction.timeout.ms; if it does not: {abort} what was written in it is then"
                " no event, and has to be sent again"
            )
        else:
            problem += ", and Kafka does not end it"
            advice = (
                f"{abort} then start the workers again: they process again what is lost with it"
            )
        findings.append(Finding(problem, is_fine=False, advice=advice))
    return findings


def check_progress(missing: Behind) -> list[Finding]:
    """Report whether workers are up to date, and what they cannot read yet."""
    found = [
        Finding(
            f"{partition}: {count} offsets cannot be read, a producer's transaction is open there",
            advice="nothing to do while that producer works; Kafka ends the transaction of one that"
            " is gone after its transaction.timeout.ms, and what waits is read then",
            is_doubtful=True,
        )
        for partition, count in missing.held_back.items()
    ]
    found += [
        Finding(
            f"not written, larger than its topic accepts: {record}",
            is_fine=False,
            advice="what readers have under this key is out of date, and KPIs computed from it are:"
            " raise max.message.bytes of the topic, then start the workers again",
        )
        for record in missing.set_aside
    ]
    if missing.is_settled or missing.is_held_back_only:
        return [*found, Finding("workers are up to date")]
    return [
        *found,
        Finding(
            f"workers are behind: {missing.readable_events} events",
            is_fine=False,
            advice="check that one runs: `sales-kpis worker`; then `sales-kpis status --wait`",
        ),
    ]
