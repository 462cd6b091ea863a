"""The variables of the dashboards: what a reader chooses at the top."""

from collections.abc import Sequence
from typing import Any

from streams.artifacts.grafana.panels import Json

SOURCE = {"type": "prometheus", "uid": "${datasource}"}
HISTORY = {"type": "grafana-postgresql-datasource", "uid": "${history}"}
WINDOW = "last_30d"
# The grand total has no label `value`: Prometheus takes an empty label for none.
COMPANY = "^$"
SELECTED_TEAM = 'dimension=~"all|team",value=~"$team"'


def source() -> Json:
    """Return the variable that selects the Prometheus data source."""
    return {
        "name": "datasource",
        "label": "Prometheus",
        "type": "datasource",
        "query": "prometheus",
        "current": {"selected": True, "text": "Prometheus", "value": "prometheus"},
        "refresh": 1,
    }


def history_source() -> Json:
    """Return the variable that selects the PostgreSQL data source."""
    return {
        "name": "history",
        "label": "PostgreSQL",
        "type": "datasource",
        "query": HISTORY["type"],
        "refresh": 1,
    }


def scope() -> Json:
    """Return the variable of whose past is shown: all, a team or a rep."""
    sql = (
        "SELECT DISTINCT scope FROM sales_kpis.kpi_records"
        " WHERE kpi IN ('call_count', 'deal_count') AND time_window = 'month'"
        " AND dimension IN ('all', 'team', 'rep') ORDER BY scope"
    )
    return {
        "name": "scope",
        "label": "Whose",
        "type": "query",
        "datasource": HISTORY,
        "query": sql,
        "current": {"selected": True, "text": "all", "value": "all"},
        "refresh": 1,
        "sort": 0,
    }


def window(windows: Sequence[str]) -> Json:
    """Return the variable of the window that gauges stand for."""
    return choice("window", "Window", windows, WINDOW)


def choice(name: str, label: str, values: Sequence[str], first: str) -> Json:
    """Return a variable of fixed values, of which one is chosen at first."""
    return {
        "name": name,
        "label": label,
        "type": "custom",
        "query": ",".join(values),
        "current": {"selected": True, "text": first, "value": first},
        "options": [
            {"selected": value == first, "text": value, "value": value} for value in values
        ],
        "multi": False,
        "includeAll": False,
    }


def team(label: str) -> Json:
    """Return the variable of a team; all of them is the company."""
    return _query(
        "team",
        label,
        'label_values({dimension="team"}, value)',
        current={"selected": True, "text": "All", "value": "$__all"},
        includeAll=True,
        allValue=COMPANY,
        multi=False,
    )


def rep() -> Json:
    """Return the variable of one rep."""
    return _query("rep", "Rep", 'label_values({dimension="rep"}, value)')


def reps() -> Json:
    """Return the variable of some reps, or all."""
    return _query(
        "rep",
        "Reps",
        'label_values({dimension="rep"}, value)',
        current={"selected": True, "text": ["All"], "value": ["$__all"]},
        includeAll=True,
        allValue=".*",
        multi=True,
    )


def currency() -> Json:
    """Return the hidden variable of the reporting currency, found in the names of gauges."""
    return _query(
        "currency",
        "Currency",
        "metrics(sales_(revenue_won|pipeline_amount|receivables|collected)_[a-z]{3})",
        current={"selected": True, "text": "eur", "value": "eur"},
        regex="/_([a-z]{3})$/",
        hide=2,
    )


def _query(name: str, label: str, query: str, **more: Any) -> Json:
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": SOURCE,
        "query": {"query": query, "refId": name},
        "refresh": 2,
        "sort": 1,
        **more,
    }
