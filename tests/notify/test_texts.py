"""The words of a message, of alerts as workers publish them."""

import orjson
import pytest

from streams.notify.core.alert import decode
from streams.notify.core.message import Change, Message
from streams.notify.core.texts import title
from tests.alerts.current import current_alerts
from tests.kpis.story import said, won

KEY = "target_off_pace|{}|rep=ann|month"


@pytest.mark.parametrize(
    ("kpi", "target", "sentence"),
    [
        (
            "revenue_won",
            "5000",
            "Revenue of rep=ann is below 0.8 of the pace to its target of 5000.00"
            " for the month from 2026-03-01. (ann)",
        ),
        (
            "deal_size_mix",
            "40",
            "Deals won by size of rep=ann is below 0.8 of the pace to its target of 40"
            " for the month from 2026-03-01. (ann)",
        ),
    ],
)
def test_alert_about_a_target_has_the_name_of_its_kpi(kpi: str, target: str, sentence: str) -> None:
    planned = said(
        "target.set", "01-01 00:00", kpi=kpi, window="month", value=target, scope={"rep": "ann"}
    )
    found = current_alerts(planned, won("03-10 09:00", amount="100", rep="ann"))
    key = KEY.format(kpi)
    alert = decode(orjson.dumps(dict(found[key])))
    assert title(Message("msg_1", 0, (Change(key, "raised", alert),))) == sentence
