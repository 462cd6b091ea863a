"""The addresses of the dashboards, and the links between them, which keep what was chosen."""

from streams.artifacts.grafana.panels import Link

# Addresses that people keep: they never change.
OVERVIEW = "sales-kpis"
REP = "sales-kpis-rep"
PIPELINE = "sales-kpis-pipeline"
STREAMS = "sales-kpis-streams"
HISTORY = "sales-kpis-history"
_CHOSEN = "${window:queryparam}&${datasource:queryparam}&${__url_time_range}"
_TEAM = "${team:queryparam}"
ALL = (
    Link("Overview", f"/d/{OVERVIEW}"),
    Link("Rep", f"/d/{REP}"),
    Link("Pipeline", f"/d/{PIPELINE}"),
    Link("Streams' health", f"/d/{STREAMS}"),
)
TO_PIPELINE = Link("Pipeline by stage and rep", f"/d/{PIPELINE}?{_TEAM}&{_CHOSEN}")
TO_STREAMS = Link("Streams' health", f"/d/{STREAMS}?${{datasource:queryparam}}")
# Names may hold `&` and `%`.
ROW_TO_REP = Link("This rep", f"/d/{REP}?var-rep=${{__value.raw:percentencode}}&{_TEAM}&{_CHOSEN}")
BAR_TO_REP = Link(
    "This rep", f"/d/{REP}?var-rep=${{__field.labels.value:percentencode}}&{_TEAM}&{_CHOSEN}"
)
ROW_TO_TEAM = Link("This team", f"/d/{OVERVIEW}?var-team=${{__value.raw:percentencode}}&{_CHOSEN}")


def besides(uid: str) -> list[Link]:
    """Return links to the other dashboards."""
    return [link for link in ALL if link.url != f"/d/{uid}"]
