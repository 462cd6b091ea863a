"""The samples that are shipped, which `sources send` posts."""

from pathlib import Path
from types import MappingProxyType

import pytest

from streams.sources.loading import SHIPPED
from tests.sources.translated import outcome, shipped

SAMPLES = sorted((SHIPPED / "samples").iterdir())
# What some requests say beside their body.
HEADERS = MappingProxyType(
    {
        "shopify": {"x-shopify-topic": "orders/create"},
        "standardwebhooks": {"webhook-id": "msg_1"},
        "woocommerce": {"x-wc-webhook-topic": "order.updated"},
    }
)
QUERIES = MappingProxyType(
    {"attio": {"object": "deals"}, "espocrm": {"event": "Opportunity.update"}}
)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_sample_becomes_events_or_reads(sample: Path) -> None:
    headers, query = HEADERS.get(sample.stem, {}), QUERIES.get(sample.stem, {})
    found = outcome(sample.stem, sample.read_bytes(), headers=headers, query=query)
    assert found.unmapped == []
    assert found.ignored == 0
    assert found.events or found.reads


def test_each_source_with_rules_has_a_sample() -> None:
    mapped = {source.name for source in shipped().values() if source.events}
    assert mapped == {path.stem for path in SAMPLES}
