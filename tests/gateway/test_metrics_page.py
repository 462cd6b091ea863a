"""The gateway's `/metrics` as Prometheus asks for it."""

from streams.config.settings import Settings
from tests.gateway.sending import TOKEN, Sender, gateway


async def page(sender: Sender, method: str = "GET", **headers: str) -> tuple[dict[str, str], bytes]:
    """Return the headers and the bytes of the page, as they were sent."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    async with sender.session.request(
        method,
        f"{sender.url}/metrics",
        headers={"Authorization": f"Bearer {TOKEN}", "Accept-Encoding": "identity"} | named,
    ) as answer:
        assert answer.status == 200
        return {**answer.headers}, await answer.read()


async def test_page_is_plain_text_by_default(settings: Settings) -> None:
    async with gateway(settings) as sender:
        headers, body = await page(sender)
        assert headers["Content-Type"].startswith("text/plain; version=0.0.4")
        assert b"# TYPE sales_kpis_gateway_connections gauge" in body


async def test_page_is_openmetrics_where_it_is_asked_for(settings: Settings) -> None:
    async with gateway(settings) as sender:
        headers, body = await page(sender, Accept="application/openmetrics-text; version=1.0.0")
        assert headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
        assert body.endswith(b"# EOF\n")


async def test_page_is_compressed_where_it_is_accepted(settings: Settings) -> None:
    async with gateway(settings) as sender:
        headers, body = await page(sender, Accept_Encoding="gzip")
        assert headers["Content-Encoding"] == "gzip"
        assert b"sales_kpis_gateway_connections" in body
        assert int(headers["Content-Length"]) < len(body)
        assert (await page(sender, "HEAD", Accept_Encoding="gzip"))[1] == b""
