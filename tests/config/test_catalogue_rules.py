"""The table `[catalogue]` of the rules file."""

from pathlib import Path

import pytest

from streams.config.declaration import BadSetting
from streams.config.rules import Rules, read
from streams.config.settings import Settings
from streams.engine.catalogue.choice import WINDOWS, Choice
from streams.operations.doctor import check_rules

PAY = '[[commission]]\nname = "own"\nkpi = "revenue_won"\nwindow = "month"\nrate = 1\n'


def rules(folder: Path, text: str) -> Rules:
    """Read a rules file of this text."""
    file = folder / "rules.toml"
    file.write_text(text)
    return read(file)


def test_everything_is_chosen_by_default(tmp_path: Path) -> None:
    assert rules(tmp_path, "").catalogue.choice == Choice(kpis=None, without=(), windows=WINDOWS)
    assert rules(tmp_path, "[catalogue]").catalogue.choice == Choice()


def test_choice_is_read(tmp_path: Path) -> None:
    text = '[catalogue]\nkpis = ["deal_count", "forecast"]\nwindows = ["month", "hour"]\n'
    found = rules(tmp_path, text).catalogue.choice
    assert found == Choice(kpis=("deal_count", "forecast"), windows=("month", "hour"))
    found = rules(tmp_path, '[catalogue]\nwithout = ["unpriced_facts"]').catalogue.choice
    assert found == Choice(without=("unpriced_facts",))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            'kpis = [\n  "deal_count",\n  "deal_cont",\n]',
            'rules.toml line 4: catalogue.kpis has "deal_cont", which is no KPI;'
            " `sales-kpis catalogue` lists the KPIs; did you mean deal_count?",
        ),
        ('without = ["forcast"]', "which is no KPI; `sales-kpis catalogue` lists the KPIs; did"),
        ('kpis = ["open_deals_due"]', 'line 2: catalogue.kpis has "open_deals_due", which is no'),
        ('windows = ["moth"]', 'has "moth"; each is one of hour, day, week, month, quarter,'),
        ('windows = ["moth"]', "did you mean month?"),
        ("windows = []", "line 2: catalogue.windows is empty"),
        ("kpis = []", "line 2: catalogue.kpis is empty"),
        (
            'kpis = ["deal_count"]\nwithout = ["forecast"]',
            "line 3: catalogue.without stands beside",
        ),
        ('kpi = ["deal_count"]', "line 2: catalogue.kpi is no rule; known here: kpi_modules, kpis"),
        (
            'kpis = ["deal_count", "delivery_sales_lag"]\nwindows = ["day"]',
            'line 2: catalogue.kpis has "delivery_sales_lag", which has none of the windows: it'
            " has month; add one of them to windows",
        ),
        (
            'kpis = ["forecast"]\nwindows = ["day"]',
            'has "forecast", which has none of the windows: it has week, month, quarter, year;',
        ),
        (f'kpis = ["commission"]\nwindows = ["day"]\n{PAY}', 'has "commission", which has none'),
        ('kpis = ["deal_count"]\nwindows = ["hour"]', 'has "deal_count", which has none of the'),
        ('kpi_modules = ["no.such"]', "line 2: catalogue.kpi_modules has"),
        ("kpi_modules = [1]", "line 2: catalogue.kpi_modules has 1; give it texts only"),
    ],
)
def test_choice_that_cannot_be_is_refused(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(BadSetting) as refused:
        rules(tmp_path, f"[catalogue]\n{text}")
    assert expected in str(refused.value)


def test_doctor_shows_how_much_is_chosen(tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    rules(tmp_path, '[catalogue]\nkpis = ["deal_count"]\nwindows = ["day", "month"]')
    (found,) = check_rules(Settings(rules=file))
    assert found.is_fine
    assert "in force, with 1 of " in found.what
    assert found.what.endswith(" KPIs in day, month")
