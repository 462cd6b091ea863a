"""Calls, emails and other work: for a lead, or a rep's own where no lead is known."""

from dataclasses import dataclass

from tests.histories.reference import CHANNELS, Firm
from tests.histories.scribe import (
    DAY_MS,
    HOUR_MS,
    EventDict,
    Scribe,
)

KINDS = ("meeting", "presentation", "social", "collateral", "prospecting")
ASSETS = ("brochure", "video", "reference", "calculation")
OUTCOMES = ("connected", "no_answer", "voicemail", "busy")


@dataclass(frozen=True)
class Email:
    """An email by its id, and who sends it."""

    name: str
    rep: str


def rep_effort(scribe: Scribe, firm: Firm, number: int) -> None:
    """Tell of a rep who calls and writes to people who are no leads yet."""
    rep = scribe.random.choice(firm.reps)
    at = scribe.moment()
    for effort in range(scribe.random.randint(2, 15)):
        if scribe.chance(0.8):
            add_call(scribe, f"rep:{rep}", rep, at, cold=0.7)
        else:
            add_email(scribe, f"rep:{rep}", Email(f"mail-{number}-{effort}", rep), at)
        if scribe.chance(0.1):
            add_activity(scribe, f"rep:{rep}", rep, at)
        at = scribe.after(at, HOUR_MS / 4)


def add_call(scribe: Scribe, subject: str, rep: str, at: int, cold: float = 0.1) -> None:
    """Write one call; `cold` is the share of cold ones."""
    outcome = scribe.random.choices(OUTCOMES, (45, 30, 15, 10))[0]
    inbound = scribe.chance(0.12)
    fields: EventDict = {
        "rep": rep,
        "direction": "inbound" if inbound else "outbound",
        "outcome": outcome,
    }
    if outcome == "connected":
        fields["seconds"] = scribe.random.randrange(5, 1800)
    if scribe.chance(cold):
        fields["cold"] = True
    if scribe.chance(0.1):
        fields["automated"] = scribe.chance(0.8)
    scribe.write("call.ended", subject, at, fields)


def add_email(scribe: Scribe, subject: str, email: Email, at: int) -> None:
    """Write one email with its clicks and its reply.

    A few are sent twice, and the sending of a few others is missing.
    """
    fields: EventDict = {
        "rep": email.rep,
        "email": email.name,
        "links": scribe.random.choices((0, 1, 2, 5), (30, 40, 20, 10))[0],
    }
    if scribe.chance(0.25):
        fields["automated"] = True
    if not scribe.chance(0.03):
        scribe.write("email.sent", subject, at, fields)
    if scribe.chance(0.02):
        again = {**fields, "links": fields["links"] + 1}
        scribe.write("email.sent", subject, scribe.after(at, DAY_MS), again)
    reached = at
    while scribe.chance(0.3):
        reached = scribe.after(reached, DAY_MS)
        scribe.write("email.clicked", subject, reached, {"email": email.name})
    if scribe.chance(0.2):
        scribe.write("email.replied", subject, scribe.after(at, DAY_MS), {"email": email.name})


def add_activity(scribe: Scribe, subject: str, rep: str, at: int) -> None:
    """Write down other work; prospecting with what came of it, in some cases not all of it."""
    kind = scribe.random.choice(KINDS)
    fields: EventDict = {"rep": rep, "kind": kind}
    if scribe.chance(0.7):
        fields["channel"] = scribe.random.choice(CHANNELS)
    if kind == "collateral" and scribe.chance(0.8):
        fields["asset"] = scribe.random.choice(ASSETS)
    if kind == "prospecting":
        outreach = scribe.random.randrange(40)
        if scribe.chance(0.9):
            fields["outreach"] = outreach
        if scribe.chance(0.9):
            fields["responses"] = scribe.random.randint(0, outreach)
        if scribe.chance(0.9):
            fields["hours"] = f"{scribe.random.expovariate(0.5):.2f}"
    scribe.write("activity.logged", subject, at, fields)
