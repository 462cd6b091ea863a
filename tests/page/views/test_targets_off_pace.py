"""An alert about a target names its KPI as the reader does."""

import orjson
import pytest

from tests.alerts.current import current_alerts
from tests.kpis.story import said, won
from tests.page.serving import serving
from tests.page.views.document import parse

KEY = "target_off_pace|deal_count|all|month"


def alert() -> bytes:
    """A target that is off its pace, as a worker publishes it."""
    for_all = said(
        "target.set", "01-01 00:00", kpi="deal_count", window="month", value="40", scope={}
    )
    found = current_alerts(for_all, won("03-10 09:00", amount="100"))
    return orjson.dumps(dict(found[KEY]))


@pytest.mark.parametrize(
    ("code", "name", "text"),
    [
        (
            "en",
            "Deals won, Whole company",
            "Deals won, Whole company: below 80% of the pace to the target, Mar 1 – Mar 31, 2026",
        ),
        (
            "bg",
            "Спечелени сделки, Цялата фирма",
            "Спечелени сделки, Цялата фирма: под 80% от темпото към целта, 1 март – 31 март 2026",
        ),
        (
            "fa",
            "معاملات برده, کل شرکت",
            "معاملات برده, کل شرکت: کمتر از ۸۰٪ آهنگ رسیدن به هدف، ۱ مارس – ۳۱ مارس ۲۰۲۶",
        ),
        (
            "hy",
            "Շահած գործարքներ, Ամբողջ ընկերությունը",
            "Շահած գործարքներ, Ամբողջ ընկերությունը. նպատակի ընթացքի 80%-ից պակաս,"
            " 1 մրտ – 31 մրտ 2026",
        ),
    ],
)
async def test_target_off_pace_is_told_in_the_readers_language(
    code: str, name: str, text: str
) -> None:
    async with serving() as page:
        page.alerts.update(KEY, alert())
        async with page.session.get(f"{page.url}/alerts?lang={code}") as response:
            document = parse(await response.text())
    [item] = [each for each in document.all("span") if each.attributes.get("class") == "subject"]
    assert (item.text, item.attributes["title"]) == (name, text)
