"""Families of metrics as the text that Prometheus reads."""

from collections.abc import Iterable, Iterator, Sequence

from prometheus_client.core import Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample
from prometheus_client.utils import floatToGoString

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})


def text(registry: Collector) -> bytes:
    """Write what a registry has now: gauges first, each family as the client library writes it.

    There may be tens of thousands of gauges, for which the library takes several times as
    long; everything else it writes itself.
    """
    others: list[Metric] = []
    parts: list[bytes] = []
    for family in registry.collect():
        if family.type == "gauge" and all(one.timestamp is None for one in family.samples):
            parts.append("".join(_gauge(family)).encode())
        else:
            others.append(family)
    return b"".join([*parts, generate_latest(_Families(others))])


class _Families(Collector):
    def __init__(self, families: Sequence[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


def _gauge(family: Metric) -> Iterator[str]:
    help_text = family.documentation.replace("\\", r"\\").replace("\n", r"\n")
    yield f"# HELP {family.name} {help_text}\n# TYPE {family.name} gauge\n"
    pairs: dict[tuple[str, str], str] = {}
    for sample in family.samples:
        value = floatToGoString(sample.value)  # type: ignore[no-untyped-call]  # the library's
        yield f"{sample.name}{_labels(sample, pairs)} {value}\n"


def _labels(sample: Sample, pairs: dict[tuple[str, str], str]) -> str:
    if not sample.labels:
        return ""
    written = []
    for pair in sorted(sample.labels.items()):
        one = pairs.get(pair)
        if one is None:
            one = pairs[pair] = f'{pair[0]}="{pair[1].translate(_ESCAPES)}"'
        written.append(one)
    return "{" + ",".join(written) + "}"
