"""Who gets what, by kind, rep and team, and what the dispatcher does when that changes."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from streams.config.rules.notify import NotifyRules
from streams.config.rules.notify.quiet import QuietHours
from streams.config.rules.notify.routes import Email, Route, Slack
from streams.events import RepSet
from streams.notify.core.alert import Alert
from streams.notify.core.dispatcher import Dispatcher
from streams.notify.core.message import Recipient
from streams.notify.core.outbox import GATHER_MS
from streams.notify.core.routing import is_for, recipients, without_address
from streams.notify.reps import FutureReps

SLACK = Slack(Path("chat"))
AT = 1_780_000_000_000
TEAMS = {"ann": "a", "bob": "b"}


def alert(kind: str = "lead_unanswered", rep: str | None = "ann", **fields: Any) -> Alert:
    return Alert(kind, "lead-1", rep, "2026-06-01", "Nobody has called lead-1.", **fields)


def rules(*routes: Route, **fields: Any) -> NotifyRules:
    return NotifyRules(routes=routes, **fields)


def test_route_without_choices_gets_alerts_of_everybody_and_of_nobody() -> None:
    route = Route(name="all", receiver=SLACK)
    assert is_for(route, alert(rep=None), TEAMS.get)
    assert is_for(route, alert(rep="eve"), TEAMS.get)


def test_team_gets_its_reps_alerts_and_those_of_its_targets() -> None:
    route = Route(name="a", receiver=SLACK, teams=("a",))
    assert is_for(route, alert(rep="ann"), TEAMS.get)
    assert not is_for(route, alert(rep="bob"), TEAMS.get)
    assert is_for(route, alert("target_off_pace", None, scope={"team": "a"}), TEAMS.get)
    assert not is_for(route, alert("target_off_pace", None), TEAMS.get)


NAMES = st.sampled_from(["ann", "bob", "eve"])
SOME_TEAMS = st.sampled_from(["a", "b"])
KINDS = st.sampled_from(["lead_unanswered", "invoice_overdue"])


@given(
    kinds=st.lists(KINDS, unique=True),
    reps=st.lists(NAMES, unique=True),
    teams=st.lists(SOME_TEAMS, unique=True),
    kind=KINDS,
    rep=st.none() | NAMES,
)
def test_route_has_an_alert_as_its_rules_say(
    kinds: list[str], reps: list[str], teams: list[str], kind: str, rep: str | None
) -> None:
    route = Route(name="r", receiver=SLACK, kinds=(*kinds,), reps=(*reps,), teams=(*teams,))
    has_kind = kinds == [] or kind in kinds
    everybody = reps == [] and teams == []
    own = rep is not None and (rep in reps or TEAMS.get(rep) in teams)
    assert is_for(route, alert(kind, rep), TEAMS.get) == (has_kind and (everybody or own))


def test_mail_to_reps_goes_to_whose_alert_it_is_where_there_is_an_address() -> None:
    used = rules(Route(name="mine", receiver=Email(())), addresses={"ann": "ann@example.com"})
    assert list(recipients(used, alert(), TEAMS.get)) == [Recipient("mine", "ann")]
    assert list(recipients(used, alert(rep="bob"), TEAMS.get)) == []
    assert without_address(used, alert(rep="bob"), TEAMS.get) == [("mine", "bob")]
    assert list(recipients(used, alert(rep=None), TEAMS.get)) == []


def test_each_address_of_a_route_is_a_recipient_of_its_own() -> None:
    used = rules(Route(name="mail", receiver=Email(("a@example.com", "b@example.com"))))
    found = [recipient.whom for recipient in recipients(used, alert(), TEAMS.get)]
    assert found == ["a@example.com", "b@example.com"]


def record(rep: str | None = "ann") -> bytes:
    return orjson.dumps(
        {
            "kind": "lead_unanswered",
            "subject": "lead-1",
            "rep": rep,
            "since": "2026-06-01",
            "text": "x",
            "updated_at": "2026-06-02",
        }
    )


def at_time(at: int) -> datetime:
    return datetime.fromtimestamp(at / 1000, UTC)


def rep_set(rep: str, **fields: Any) -> RepSet:
    return RepSet(id=f"{rep}-{fields}", at=datetime(2026, 5, 1, tzinfo=UTC), rep=rep, **fields)


def sent(dispatcher: Dispatcher, at: int) -> dict[str, list[tuple[str, str]]]:
    """Send everything that is due, with success."""
    found: dict[str, list[tuple[str, str]]] = {}
    for outbox, message in list(dispatcher.compose(at)):
        outbox.accepted(at)
        found[outbox.recipient.route] = [(each.key, each.action) for each in message.changes]
    return found


def test_alert_follows_its_rep_into_another_team() -> None:
    teams = [Route(name=team, receiver=SLACK, teams=(team,)) for team in ("a", "b")]
    dispatcher = Dispatcher(rules(*teams), "UTC")
    dispatcher.update_rep(rep_set("ann", team="a"), AT)
    dispatcher.update_alert("k|1", record(), AT)
    dispatcher.begin(AT)
    assert sent(dispatcher, AT + GATHER_MS) == {"a": [("k|1", "raised")]}
    later = AT + 100_000
    dispatcher.update_rep(
        RepSet(id="2", at=datetime(2026, 5, 2, tzinfo=UTC), rep="ann", team="b"), later
    )
    assert sent(dispatcher, later + GATHER_MS) == {
        "a": [("k|1", "moved")],
        "b": [("k|1", "raised")],
    }


def test_hour_is_quiet_by_the_reps_own_zone() -> None:
    hours = QuietHours(begins=20 * 60, ends=7 * 60, zone="UTC")
    dispatcher = Dispatcher(rules(Route(name="all", receiver=SLACK, quiet=hours)), "UTC")
    dispatcher.update_rep(rep_set("ann", timezone="Asia/Tehran"), AT)
    night = round(datetime(2026, 6, 1, 17, 0, tzinfo=UTC).timestamp() * 1000)
    dispatcher.update_alert("k|1", record("ann"), night)
    dispatcher.update_alert("k|2", record("bob"), night)
    dispatcher.begin(night)
    assert sent(dispatcher, night + GATHER_MS) == {"all": [("k|2", "raised")]}
    morning = round(datetime(2026, 6, 2, 3, 30, tzinfo=UTC).timestamp() * 1000)
    assert dispatcher.next_due(night + GATHER_MS) == morning
    assert sent(dispatcher, morning) == {"all": [("k|1", "raised")]}


CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("alert"), st.sampled_from(["k|1", "k|2"]), st.none() | NAMES),
        st.tuples(st.just("end"), st.sampled_from(["k|1", "k|2"]), st.none()),
        st.tuples(st.just("team"), NAMES, SOME_TEAMS),
        st.tuples(st.just("send"), st.none(), st.none()),
    ),
    max_size=30,
)


@given(CHANGES)
def test_each_route_ends_up_knowing_its_alerts_and_no_others(
    changes: list[tuple[str, str | None, str | None]],
) -> None:
    """The oracle routes what holds in the end at once, by the teams of the end."""
    routes = [Route(name=team, receiver=SLACK, teams=(team,)) for team in ("a", "b")]
    used = rules(*routes, Route(name="ann", receiver=SLACK, reps=("ann",)))
    dispatcher, at = Dispatcher(used, "UTC"), AT
    dispatcher.begin(at)
    reps, teams = dict[str, str | None](), dict[str, str]()
    knows: dict[str, set[str]] = {route.name: set() for route in used.routes}
    sent_at: dict[str, int] = {}
    for what, name, value in [*changes, *2 * [("send", None, None)]]:
        at += 5_000
        if what == "alert" and name is not None:
            reps[name] = value
            dispatcher.update_alert(name, record(value), at)
        elif what == "end" and name is not None:
            reps.pop(name, None)
            dispatcher.update_alert(name, None, at)
        elif what == "team" and name is not None and value is not None:
            teams[name] = value
            new = RepSet(id=str(at), at=at_time(at), rep=name, team=value)
            dispatcher.update_rep(new, at)
        else:
            at += 60_000
            for route, messages in sent(dispatcher, at).items():
                assert at - sent_at.get(route, 0) >= 60_000
                sent_at[route] = at
                for key, action in messages:
                    assert (key in knows[route]) == (action != "raised")
                    (knows[route].add if action == "raised" else knows[route].remove)(key)
    assert knows == {
        "a": {key for key, rep in reps.items() if rep and teams.get(rep) == "a"},
        "b": {key for key, rep in reps.items() if rep and teams.get(rep) == "b"},
        "ann": {key for key, rep in reps.items() if rep == "ann"},
    }


def test_record_of_a_rep_counts_from_its_time_on() -> None:
    future = FutureReps()
    now, later = rep_set("ann", team="a"), RepSet(id="2", at=at_time(AT), rep="ann", team="b")
    future.add([later, now])
    assert future.due(AT - 1) == [now]
    assert future.due(AT - 1) == []
    assert future.due(AT) == [later]
