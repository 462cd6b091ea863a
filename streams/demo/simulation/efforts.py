"""What reps do besides following up their leads."""

from random import Random

from streams.demo.simulation.company import CHANNELS, EventData

OUTCOMES = ("connected", "no_answer", "voicemail", "busy")
ASSETS = ("price list", "case study", "one-page summary", "film")


def call(dice: Random, rep: str, *, cold: bool = False) -> EventData:
    """Make up what is known of an outgoing call."""
    outcome = dice.choices(OUTCOMES, (42, 35, 15, 8))[0]
    made: EventData = {"rep": rep, "direction": "outbound", "outcome": outcome}
    if outcome == "connected":
        made["seconds"] = int(dice.lognormvariate(4.8, 0.8))
    if cold:
        made["cold"] = True
    return made


def shown(dice: Random, rep: str) -> EventData:
    """Make up which material a rep sent."""
    return {"rep": rep, "kind": "collateral", "asset": dice.choice(ASSETS)}


def prospected(dice: Random, rep: str) -> EventData:
    """Make up an hour or two of looking for new customers, or a word on social media."""
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
