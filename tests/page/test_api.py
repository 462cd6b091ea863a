"""The JSON API: what it gives, and how it refuses what cannot be meant."""

from collections.abc import AsyncIterator

import orjson
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from streams.gateway.records import Record
from streams.languages import LANGUAGES
from streams.languages.language import language
from streams.page.api.openapi import document
from streams.page.choice import PARAMETERS
from streams.page.server import routes
from streams.page.targets.handler import FIELDS
from tests.page.serving import DAY, Page, alert_record, kpi_record, serving


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    """A page with a few records that everybody on this machine may see."""
    async with serving() as made:
        made.publish()
        made.publish("rep=ann", "120.00")
        made.publish("rep=bob", "80.00")
        made.publish("rep=ann", 2, kpi="deal_count")
        made.publish("rep=ann", "300.00", window="month")
        made.alerts.update("lead_unanswered|lead-1", alert_record("lead-1", "ann"))
        yield made


def keys(content: dict[str, list[dict[str, str]]]) -> list[str]:
    return [record["key"] for record in content["records"]]


async def test_records_are_as_published_with_their_key(page: Page) -> None:
    _, content = await page.get("/api/kpis?kpi=revenue_won&scope=rep=bob")
    [record] = content["records"]
    assert record.pop("key") == f"revenue_won|rep=bob|day|{DAY}"
    assert record["value"] == "80.00"
    assert record["scope"] == {"rep": "bob"}


async def test_repeated_parameters_mean_any_of_them(page: Page) -> None:
    _, content = await page.get("/api/kpis?kpi=revenue_won&scope=rep=bob&scope=all")
    assert keys(content) == [f"revenue_won|all|day|{DAY}", f"revenue_won|rep=bob|day|{DAY}"]


async def test_windows_and_starts_select(page: Page) -> None:
    _, content = await page.get("/api/kpis?window=month&start=2026-03-04")
    assert keys(content) == [f"revenue_won|rep=ann|month|{DAY}"]
    assert (await page.get("/api/kpis?start=2026-03-05"))[1]["records"] == []


async def test_a_start_is_an_instant_in_any_zone(page: Page) -> None:
    _, content = await page.get("/api/kpis?window=month&start=2026-03-04T01:00:00+01:00")
    assert keys(content) == [f"revenue_won|rep=ann|month|{DAY}"]


async def test_a_withdrawn_record_is_gone(page: Page) -> None:
    page.kpis.update(f"revenue_won|rep=bob|day|{DAY}", None)
    assert (await page.get("/api/kpis?scope=rep=bob"))[1]["records"] == []


@pytest.mark.parametrize(
    ("path", "field", "reason"),
    [
        ("kpis?kpi=revenue", "kpi", "did you mean revenue_won?"),
        ("kpis?window=days", "window", "there is no window 'days'"),
        ("kpis?scope=ann", "scope", "write all, or such as rep=ann"),
        ("kpis?start=yesterday", "start", "write a day"),
        ("kpis?start=2026-03-04T00:00:00", "start", "or an instant, 2026-03-02T09:15:00+01:00"),
        ("kpis?as_of=9999-12-31", "as_of", "write a day"),
        ("history", "kpi", "is to be given once"),
        ("history?kpi=revenue_won&from=2026-03-04T00:00:00Z", "from", "is to be a day"),
        ("kpis?kpis=revenue_won", "kpis", "there is no such parameter"),
        ("kpis?as_of=2026-03-01&as_of=2026-03-02", "as_of", "more than once"),
        ("alerts?kind=x", "kind", "there is no such parameter"),
        ("alerts?as_of=yesterday", "as_of", "write a day"),
        ("stream?scope=", "scope", "is no scope"),
    ],
)
async def test_what_cannot_be_meant_is_refused_by_its_field(
    page: Page, path: str, field: str, reason: str
) -> None:
    status, content = await page.get(f"/api/{path}")
    assert (status, content["field"]) == (400, field)
    assert reason in content["reason"]


async def test_an_answer_that_has_not_changed_is_not_sent_again(page: Page) -> None:
    url = f"{page.url}/api/kpis?scope=rep=ann"
    async with page.session.get(url) as first:
        tag = first.headers["ETag"]
    page.publish("rep=bob", "81.00")
    async with page.session.get(url, headers={"If-None-Match": tag}) as second:
        assert (second.status, await second.read()) == (304, b"")
    page.publish("rep=ann", "121.00")
    async with page.session.get(url, headers={"If-None-Match": tag}) as third:
        assert third.status == 200


async def test_alerts_have_their_key(page: Page) -> None:
    _, content = await page.get("/api/alerts")
    assert [alert["key"] for alert in content["alerts"]] == ["lead_unanswered|lead-1"]


async def test_alerts_of_one_rep_can_be_asked_for(page: Page) -> None:
    page.alerts.update("lead_unanswered|lead-2", alert_record("lead-2", "bob"))
    _, content = await page.get("/api/alerts?scope=rep=bob")
    assert [alert["subject"] for alert in content["alerts"]] == ["lead-2"]


async def test_the_catalogue_has_kpis_and_settings(page: Page) -> None:
    _, content = await page.get("/api/catalogue")
    assert [entry["kpi"] for entry in content["kpis"]] == ["deal_count", "revenue_won"]
    assert content["settings"]["timezone"] == "UTC"
    expected = {
        "timezone": "UTC",
        "rules.definitions.stages": [],
        "rules.commission": [{"reps": ["ann", "bob"]}],
    }
    assert content["kpis"][0]["in_force"] == expected


@pytest.mark.parametrize("code", LANGUAGES)
async def test_the_catalogue_is_in_the_language_that_is_asked_for(page: Page, code: str) -> None:
    stock = {"kpi": "churn_risk", "text": language("en").text("kpi.churn_risk.about")}
    own = {"kpi": "quick_wins", "text": "Deals won within seven days."}
    for entry in (stock, own):
        page.catalogue.update(entry["kpi"], orjson.dumps({**entry, "depends_on": []}))
    _, content = await page.get(f"/api/catalogue?lang={code}")
    found = {
        entry["kpi"]: (entry["title"], entry["text"], entry["text_language"])
        for entry in content["kpis"]
    }
    texts = language(code)
    name, about = texts.text("kpi.churn_risk.name"), texts.text("kpi.churn_risk.about")
    assert found["churn_risk"] == (name, about, code)
    assert found["quick_wins"] == ("Quick wins", "Deals won within seven days.", "en")


async def test_a_language_of_the_catalogue_that_there_is_not_is_refused(page: Page) -> None:
    status, content = await page.get("/api/catalogue?lang=xx")
    assert (status, content["field"]) == (400, "lang")


@pytest.mark.parametrize(
    "path", ["kpis?as_of=2026-03-01", "alerts?as_of=2026-03-01", "history?kpi=revenue_won"]
)
async def test_without_a_history_the_past_is_not_found_and_why_is_stated(
    page: Page, path: str
) -> None:
    status, content = await page.get(f"/api/{path}")
    assert status == 404
    assert content["reason"].startswith("there is no history in")


async def test_too_many_records_are_refused_with_what_to_do(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.page.api.handlers.MOST_RECORDS", 3)
    status, content = await page.get("/api/kpis")
    assert status == 400
    assert "these are 5 records" in content["reason"]


async def test_every_answer_forbids_what_is_not_its_own(page: Page) -> None:
    for path in ("/", "/api/kpis", "/api/kpis?kpi=x", "/static/none", "/none", "/openapi.json"):
        async with page.session.get(page.url + path) as response:
            policy = response.headers["Content-Security-Policy"]
            assert "default-src 'none'; script-src 'self'" in policy
            assert "unsafe" not in policy
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert "Server" not in response.headers


async def test_another_sites_name_for_this_machine_is_refused(page: Page) -> None:
    status, content = await page.get("/api/kpis", Host="attacker.example.com")
    assert (status, content["error"]) == (403, "Forbidden")


async def test_a_view_reads_without_script(page: Page) -> None:
    async with page.session.get(page.url + "/today?scope=rep=ann&window=month") as response:
        assert response.status == 200
        assert "300.00" in await response.text()


async def test_an_unknown_language_is_refused_by_its_field(page: Page) -> None:
    async with page.session.get(page.url + "/?lang=xx") as response:
        assert response.status == 400
        assert "known: en, bg, fa, hy" in await response.text()


async def test_a_name_in_a_record_is_no_markup(page: Page) -> None:
    page.kpis.update("x|rep=<b>|month|" + DAY, kpi_record("x<script>", "rep=<b>", "month"))
    async with page.session.get(page.url + "/?scope=rep=<b>") as response:
        assert "<script>" not in await response.text()


def test_the_description_is_valid_openapi() -> None:
    validate(document())


async def test_answers_are_as_the_description_has_them(page: Page) -> None:
    for path in ("/api/kpis", "/api/alerts", "/api/catalogue", "/readyz"):
        status, content = await page.get(path)
        require_described(path, "get", status, content)


def require_described(path: str, method: str, status: int, content: object) -> None:
    """Check an answer in JSON by the description."""
    described = document()
    answer = described["paths"][path][method]["responses"][str(status)]
    schema = {**answer["content"]["application/json"]["schema"]}
    schema["components"] = described["components"]
    Draft202012Validator(schema).validate(content)


def test_every_path_and_method_that_is_served_is_described() -> None:
    served = {(route.path.replace(":.+", ""), route.method.lower()) for route in routes()}
    described = {(path, method) for path, of in document()["paths"].items() for method in of}
    assert served == described


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"kpi": "revenue_won", "scope": "all", "window": "month", "value": "1000"}, 200),
        ({"kpi": "revenue_won", "scope": "all", "window": "month", "value": "much"}, 400),
        ({"kpi": "revenue_won", "scope": "all", "window": "month", "target": "1"}, 400),
    ],
)
async def test_what_a_program_is_answered_to_a_target_is_described(
    form: dict[str, str], status: int
) -> None:
    async def write(_: Record) -> None:
        return

    schema = document()["paths"]["/targets"]["post"]["requestBody"]["content"]
    (fields,) = (each["schema"] for each in schema.values())
    assert set(fields["properties"]) == set(FIELDS)
    async with (
        serving(write_target=write) as made,
        made.session.post(
            f"{made.url}/targets", data=form, headers={"Accept": "application/json"}
        ) as answer,
    ):
        assert answer.status == status
        require_described("/targets", "post", status, await answer.json())


async def test_a_workbook_and_its_refusals_are_described(page: Page) -> None:
    described = document()["paths"]["/export.xlsx"]["post"]
    for body, status in ((b'[["a", 1]]', 200), (b"{}", 400)):
        async with page.session.post(f"{page.url}/export.xlsx", data=body) as answer:
            assert answer.status == status
            assert answer.content_type in described["responses"][str(status)]["content"]
    schema = described["requestBody"]["content"]["application/json"]["schema"]
    Draft202012Validator(schema).validate([["a", 1, 2.5], []])
    assert not Draft202012Validator(schema).is_valid([[None]])


async def test_views_are_described_with_all_that_can_be_chosen(page: Page) -> None:
    described = document()["paths"]["/people/rep/{rep}"]["get"]
    names = {each["name"] for each in described["parameters"] if each["in"] == "query"}
    assert names == set(PARAMETERS)
    async with page.session.get(f"{page.url}/people/rep/ann") as answer:
        assert answer.content_type in described["responses"][str(answer.status)]["content"]


async def test_all_parameters_are_described(page: Page) -> None:
    for path, methods in document()["paths"].items():
        if path.startswith("/api/"):
            names = [each["name"] for each in methods["get"].get("parameters", ())]
            status, content = await page.get(f"{path}?nonsense=1")
            assert status == 400
            listed = content["reason"].partition("known: ")[2].split(", ")
            assert sorted(filter(None, listed)) == sorted(set(names) - {"Last-Event-ID"})


async def test_a_method_that_is_not_there_is_refused(page: Page) -> None:
    async with page.session.post(page.url + "/api/kpis") as response:
        assert response.status == 405
        assert response.headers["Allow"] == "GET,HEAD"
