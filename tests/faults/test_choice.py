"""Another choice of KPIs and windows between two starts of the workers, on a real Kafka."""

from datetime import date

from streams.config.rules import Rules, parse
from streams.config.rules.table import read_table
from streams.config.settings import Settings
from streams.operations.verification.verify import verify
from streams.wiring.core import build_core
from tests.faults.reading import Record, published
from tests.histories import history
from tests.installation.installed import produce
from tests.installation.tasks import hands

EVENTS = 300
CHOICE = '[catalogue]\nkpis = ["deal_count", "campaign_return"]\nwindows = ["month", "last_30d"]'


async def run(settings: Settings, rules: Rules) -> dict[str, Record]:
    """Let workers of these rules restore and publish once; gives what stands then."""
    core = build_core(settings, rules)
    async with hands(settings) as own:
        await own.settle(core)
    assert (await verify(settings, core)).is_right
    return await published(settings)


async def test_what_is_no_longer_chosen_goes_and_comes_back_whole(settings: Settings) -> None:
    await produce(settings, history(7, EVENTS, start=date(2026, 4, 20), days=40))
    chosen = parse(read_table(CHOICE, "rules.toml"))
    whole = await run(settings, Rules())
    wanted = {
        key: record
        for key, record in whole.items()
        if record["kpi"] in ("deal_count", "campaign_return")
        and record["window"] in ("month", "last_30d")
    }
    assert {record["kpi"] for record in wanted.values()} == {"deal_count", "campaign_return"}
    assert await run(settings, chosen) == wanted
    other = await verify(settings, build_core(settings, Rules()))
    assert not other.is_right
    assert "settings" in other.other_catalogue
    assert "call_count" in other.other_catalogue
    assert await run(settings, Rules()) == whole


async def test_own_dimension_comes_with_its_history_and_goes_without_a_trace(
    settings: Settings,
) -> None:
    deal = {"type": "deal.changed", "at": "2026-03-10T09:00:00Z", "subject": "lead-1"}
    won = {"status": "won", "custom": {"deal_type": "new"}}
    await produce(settings, [{**deal, **won, "id": f"e{n}", "deal": f"d{n}"} for n in range(3)])
    plain = await run(settings, Rules())
    own = parse(read_table('[dimensions]\ndeal_type = "deal"', "rules.toml"))
    found = await run(settings, own)
    more = {key: record for key, record in found.items() if key not in plain}
    assert {key: found[key] for key in plain} == plain
    assert {str(record["scope"]) for record in more.values()} == {"{'deal_type': 'new'}"}
    won_in_march = more["deal_count|deal_type=new|month|2026-03-01T00:00:00+00:00"]
    assert won_in_march["value"] == 3
    assert await run(settings, Rules()) == plain
