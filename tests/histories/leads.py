"""The story of a lead: it comes in, is answered or not, qualified or not, and becomes deals."""

from tests.histories.deals import add_deal
from tests.histories.efforts import (
    Email,
    add_activity,
    add_call,
    add_email,
)
from tests.histories.reference import (
    CAMPAIGNS,
    CHANNELS,
    MEDIA,
    PARTNERS,
    PRODUCTS,
    Firm,
)
from tests.histories.scribe import (
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    EventDict,
    Scribe,
)


def lead_journey(scribe: Scribe, firm: Firm, number: int) -> None:
    """Tell the whole story of one lead."""
    subject = f"lead-{number}"
    rep = scribe.random.choice(firm.reps)
    created = scribe.moment()
    # One in twenty is written to and called without ever being recorded as a lead.
    if not scribe.chance(0.05):
        add_creation(scribe, subject, rep, created)
        rep = add_assignment(scribe, firm, subject, rep, created)
    last = add_contacts(scribe, firm, subject, rep, created)
    if scribe.chance(0.12):
        reason = {"reason": "no budget"} if scribe.chance(0.5) else {}
        at = scribe.after(created, 2 * HOUR_MS if scribe.chance(0.5) else 3 * DAY_MS)
        scribe.write("lead.disqualified", subject, at, reason)
    elif scribe.chance(0.5):
        qualified = scribe.after(last, 2 * DAY_MS)
        scribe.write("lead.qualified", subject, qualified, {"rep": rep})
        if scribe.chance(0.6):
            handed_over = scribe.after(qualified, DAY_MS)
            scribe.write("lead.handed_over", subject, handed_over, {})
        for deal in range(scribe.random.choices((0, 1, 2, 3), (20, 60, 15, 5))[0]):
            begins = scribe.after(qualified, DAY_MS)
            add_deal(scribe, firm, subject, f"deal-{number}-{deal}", begins)


def add_creation(scribe: Scribe, subject: str, rep: str, created: int) -> None:
    """Write the lead's creation, and for some a second one that says more."""
    fields: EventDict = {"rep": rep} if scribe.chance(0.9) else {}
    for field, values, share in (
        ("channel", CHANNELS, 0.95),
        ("media", MEDIA, 0.7),
        ("campaign", CAMPAIGNS, 0.6),
        ("partner", PARTNERS, 0.2),
        ("product", PRODUCTS, 0.5),
    ):
        if scribe.chance(share):
            fields[field] = scribe.random.choice(values)
    scribe.write("lead.created", subject, created, fields)
    if scribe.chance(0.04):
        more = {"campaign": scribe.random.choice(CAMPAIGNS), "source": "import"}
        scribe.write("lead.created", subject, scribe.after(created, DAY_MS), more)


def add_assignment(scribe: Scribe, firm: Firm, subject: str, rep: str, created: int) -> str:
    """Assign some leads, a few of them again, and give the rep who has the lead then."""
    at = created
    while scribe.chance(0.25):
        rep = scribe.random.choice(firm.reps)
        at = scribe.after(at, 6 * HOUR_MS)
        scribe.write("lead.assigned", subject, at, {"rep": rep})
    return rep


def add_contacts(scribe: Scribe, firm: Firm, subject: str, rep: str, created: int) -> int:
    """Call and write to the lead; give the time of the last contact."""
    contacts = scribe.random.choices(range(16), [14, 22, 14, 10, 8, 6, *[3] * 10])[0]
    at = first_contact(scribe, created)
    for contact in range(contacts):
        by = rep if scribe.chance(0.85) else scribe.random.choice(firm.reps)
        if scribe.chance(0.6):
            add_call(scribe, subject, by, at)
        else:
            add_email(scribe, subject, Email(f"mail-{contact}", by), at)
        if scribe.chance(0.2):
            add_activity(scribe, subject, by, scribe.after(at, DAY_MS))
        at = scribe.after(at, 3 * DAY_MS)
    return at


def first_contact(scribe: Scribe, created: int) -> int:
    """Draw the first contact: within minutes, exactly an hour after, days after or before."""
    drawn = scribe.random.random()
    if drawn < 0.05:
        return created - scribe.random.randrange(DAY_MS)
    if drawn < 0.08:
        return created + HOUR_MS + scribe.random.choice((-1, 0, 1))
    return scribe.after(created, 25 * MINUTE_MS if drawn < 0.6 else DAY_MS)
