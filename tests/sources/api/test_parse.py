"""Mistakes in `[api]` are named with their line and a remedy."""

from pathlib import Path

import pytest

from streams.config.declaration import BadSetting
from streams.sources.loading import sources
from tests.sources.api.examples import EXAMPLE, TEXT, api

MISTAKES = [
    ('base = "https://{host}/v1"', 'base = "ftp://x"', "crm.toml line 3: api.base is 'ftp://x'"),
    ('base = "https://{host}/v1"', 'base = "https://{hots}"', "line 3: api.base names {hots}"),
    ('rate = "4"', 'rate = "0"', "line 4: api.rate is 0; give it a number not below 0.01"),
    ('host = "crm.example.com"', 'host = "a/b"', "line 8: api.account.host is 'a/b'; write let"),
    ('path = "/deals/{id}"', 'path = "/deals"', "line 13: api.read.deal.path names no {id}"),
    ('path = "/deals/{id}"', 'path = "deals/{id}"', "line 13: api.read.deal.path is 'deals/{id}'"),
    ('id = "[0-9]{1,20}"', 'id = "["', "line 15: api.read.deal.id is no regular expression"),
    ('items = "results"', 'items = "results["', "line 26: api.list.deal.items is no path: "),
    ('time = "ms"', 'time = "hours"', 'line 27: api.list.deal.time is "hours"; it must be one of'),
    ('{ since = "{since}", ', "{ ", "api.list.lead.path names no {since}"),
    ("page = { size = 2, from = 0 }", "page = { size = 2 }", "api.list.lead.page and the place"),
    ('cursor = "paging.after" }', 'next = "next" }', "api.list.deal.page and the placeholders"),
    ('cursor = "paging.after" }', 'cursor = "a", link = true }', "page.size has several ways"),
    ("most = 3", "moist = 3", "api.read.lead.moist is no rule; known here: body, encoding"),
]


@pytest.mark.parametrize(("right", "wrong", "reason"), MISTAKES)
def test_mistake_is_named_with_its_line(right: str, wrong: str, reason: str) -> None:
    assert right in TEXT
    with pytest.raises(BadSetting) as refused:
        api(TEXT.replace(right, wrong, 1))
    assert reason in str(refused.value)


def test_rule_that_reads_what_the_api_does_not_is_a_mistake(tmp_path: Path) -> None:
    text = f'source = "crm"\n[[event]]\nread = "deel"\nfrom = "id"\n{TEXT}'
    (tmp_path / "crm.toml").write_text(text)
    with pytest.raises(BadSetting) as refused:
        sources(tmp_path)
    assert str(refused.value).startswith(
        "crm.toml:3:8: event 1, read: unknown kind of record deel; there are deal, lead;"
        " did you mean deal?"
    )


def test_list_that_is_off_is_none() -> None:
    found = api(TEXT.replace("[api.list.call]", "[api.list.call]\noff = true"))
    assert list(found.lists) == ["deal", "lead"]


def test_label_has_its_own_host_and_the_rest_of_the_account() -> None:
    assert EXAMPLE.account_of("eu") == {"host": "eu.example.com"}
    assert EXAMPLE.account_of("other") == {"host": "crm.example.com"}


def test_rate_is_a_time_between_requests() -> None:
    assert EXAMPLE.interval_ms == 250
    assert api(TEXT.replace('rate = "4"', 'rate = "0.3"')).interval_ms == 3_334
