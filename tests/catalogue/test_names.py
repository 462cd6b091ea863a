"""The catalogue itself: no KPI is lost, and each has an example that can be checked by hand."""

import ast
from collections.abc import Iterator
from pathlib import Path

from streams.config.settings import Settings
from streams.engine.catalogue.dimensions import DIMENSIONS, ROLLED_UP
from streams.kpis import FILES
from streams.wiring.catalogue import catalogue

KPIS = catalogue(Settings()).published
EXAMPLES = Path(__file__).parents[1] / "kpis"
HERE = Path(__file__).parent
# In the order in which they are declared.
NAMES = """
response_time response_within_hour unanswered_leads
call_count connect_rate followup_contacts single_touch_share wins_by_contact
contact_quality cold_call_yield
email_link_share email_clicks email_click_rate
social_activity meetings presentations collateral_use collateral_in_wins advance_rate
deal_count revenue_won deal_size deal_size_mix close_rate close_rate_value
lead_conversion deal_conversion cycle_time
pipeline_amount pipeline_count pipeline_weighted expired_pipeline stale_opportunities
pipeline_created
lead_count qualified_leads handover_rate stage_entries stage_conversion
funnel_realisation funnel_realisation_value lost_reasons
quote_to_order unmet_demand
marketing_spend response_rate prospecting_hours
customer_lifetime_value complaints churn_risk reorder_interval wallet_share
receivables overdue collected days_to_pay
on_time_delivery
unpriced_facts
sales_velocity pipeline_coverage cost_per_lead cost_per_opportunity campaign_return rrroi
lead_generation_rate partner_quality delivery_sales_lag
forecast commission
"""


def test_no_kpi_is_lost() -> None:
    assert sorted(kpi.name for kpi in KPIS) == sorted(NAMES.split())


def test_every_kpi_has_an_example() -> None:
    """An example reads the KPI by its name in these folders; one that is missing would raise."""
    read = {
        name
        for folder in (EXAMPLES, HERE)
        for path in folder.glob("test_*.py")
        for name in names_read(path)
    }
    assert {kpi.name for kpi in KPIS} - read == set()


def names_read(path: Path) -> Iterator[str]:
    """Give the KPIs of which a file takes a value, `told["name", ...]`, or the parts."""
    for node in ast.walk(ast.parse(path.read_text())):
        picked: list[ast.expr] = []
        if isinstance(node, ast.Subscript):
            picked = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            picked = node.args if node.func.attr == "parts" else []
        if picked and isinstance(picked[0], ast.Constant) and isinstance(picked[0].value, str):
            yield picked[0].value


def test_every_file_of_the_catalogue_has_its_examples() -> None:
    files = {f"test_{file.__name__.rpartition('.')[2]}.py" for file in FILES}
    assert files <= {path.name for path in EXAMPLES.glob("test_*.py")}


def test_every_kpi_has_a_sentence_as_text() -> None:
    for kpi in KPIS:
        assert kpi.text.partition("\n")[0].strip().endswith("."), kpi.name


def test_scopes_are_dimensions_and_what_reps_roll_up_into() -> None:
    for kpi in KPIS:
        assert {*kpi.scopes} <= {*DIMENSIONS, *ROLLED_UP}, kpi.name
        assert len({*kpi.scopes}) == len(kpi.scopes), kpi.name


def test_only_three_kpis_are_published_by_the_hour() -> None:
    assert {kpi.name for kpi in KPIS if kpi.hourly} == {"lead_count", "call_count", "response_time"}
