"""Calls and other activities of the simulated reps."""

from random import Random

from streams.demo.simulation.company import CHANNELS, EventData

OUTCOMES = ("connected", "no_answer", "voicemail", "busy")
ASSETS = ("price list", "case study", "one-page summary", "film")


def call(dice: Random, rep: str, *, cold: bool = False) -> EventData:
    """Return the fields of a simulated outgoing call."""
    outcome = dice.choices(OUTCOMES, (42, 35, 15, 8))[0]
    made: EventData = {"rep": rep, "direction": "outbound", "outcome": outcome}
    if outcome == "connected":
        made["seconds"] = int(dice.lognormvariate(4.8, 0.8))
    if cold:
        made["cold"] = True
    return made


def collateral(dice: Random, rep: str) -> EventData:
    """Return the fields of an activity in which a rep sends material."""
    return {"rep": rep, "kind": "collateral", "asset": dice.choice(ASSETS)}


def prospecting(dice: Random, rep: str) -> EventData:
    """Return the fields of an hour or two of prospecting, or of a post on social media."""
    if dice.random() < 0.6:
        return {"rep": rep, "kind": "social"}
    outreach = dice.randrange(8, 40)
    return {
        "rep": rep,
        "kind": "prospecting",
        "channel": dice.choice(tuple(CHANNELS)),
        "hours": f"{dice.randrange(2, 10) / 4:.2f}",
        "outreach": outreach,
        "responses": sum(dice.random() < 0.12 for _ in range(outreach)),
    }
