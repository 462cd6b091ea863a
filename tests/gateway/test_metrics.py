"""The gateway counts what it takes and what it refuses."""

from tests.gateway.samples import array, deal
from tests.gateway.sending import Sender


async def test_accepted_events_count_by_topic(sender: Sender) -> None:
    lead = deal(3).replace(b"deal.changed", b"lead.qualified")
    await sender.post(array(deal(1), deal(2), lead))
    name = "sales_kpis_gateway_events_accepted_total"
    assert await sender.metric(f'{name}{{topic="crm.deal"}}') == 2
    assert await sender.metric(f'{name}{{topic="crm.lead"}}') == 1


async def test_requests_count_by_status_and_refusals_by_kind(sender: Sender) -> None:
    await sender.post(deal(1))
    await sender.post(deal(1, more=',"amount":1.5'))
    await sender.post(b"{")
    await sender.post(deal(1), Authorization="Bearer wrong")
    await sender.get("/nowhere/in/particular")
    requests = "sales_kpis_gateway_requests_total"
    for path, status in (("/events", 202), ("/events", 422), ("/events", 401), ("other", 404)):
        assert await sender.metric(f'{requests}{{path="{path}",status="{status}"}}') == 1
    refusals = "sales_kpis_gateway_refusals_total"
    for kind in ("not_an_event", "malformed", "unauthorised"):
        assert await sender.metric(f'{refusals}{{kind="{kind}"}}') == 1


async def test_requests_for_events_are_timed(sender: Sender) -> None:
    await sender.post(deal(1))
    await sender.post(b"{")
    await sender.get("/healthz")
    assert await sender.metric("sales_kpis_gateway_request_seconds_count") == 2
    assert await sender.metric("sales_kpis_gateway_request_seconds_sum") > 0
