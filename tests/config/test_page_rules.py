"""The table of the page in the rules file."""

import ipaddress
from pathlib import Path

import pytest

from streams.config.declaration import BadSetting
from streams.config.rules import Rules, parse
from streams.config.rules.page import PageAccess, PageRules, TrustedProxy
from streams.config.rules.table import read_table
from streams.config.settings import Settings
from streams.wiring.describe import in_force

PROXY = '[page.proxy]\nheader = "X-Forwarded-User"\nfrom = ["10.0.0.0/8", "::1"]\n'


def rules(text: str) -> Rules:
    return parse(read_table(text, "rules.toml"))


def test_without_the_table_there_are_no_rules() -> None:
    assert rules("").page == PageRules()


def test_what_is_seen_is_everything_or_teams_and_reps() -> None:
    found = rules(
        '[[page.access]]\ntoken_file = "/run/secrets/all"\nsees = "everything"\n'
        '[[page.access]]\ntoken_file = "south"\nsees = { team = "south", rep = ["ann", "bob"] }\n'
    ).page
    assert found.access == (
        PageAccess(scopes=None, token_file=Path("/run/secrets/all")),
        PageAccess(scopes=("team=south", "rep=ann", "rep=bob"), token_file=Path("south")),
    )


def test_who_may_set_targets_is_named_and_others_may_not() -> None:
    found = rules(
        '[[page.access]]\ntoken_file = "t"\nsees = { team = "south" }\nsets = "targets"\n'
        '[[page.access]]\ntoken_file = "u"\nsees = "everything"\n'
    ).page
    assert [each.sets_targets for each in found.access] == [True, False]


def test_names_are_written_as_events_have_them() -> None:
    [found] = rules('[[page.access]]\ntoken_file = "t"\nsees = { rep = " O\u0308l " }').page.access
    assert found.scopes == ("rep=\u00d6l",)


def test_users_come_from_a_trusted_proxy() -> None:
    found = rules(PROXY + '[[page.access]]\nusers = ["ann@example.com"]\nsees = { rep = "ann" }')
    networks = (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("::1"))
    assert found.page.proxy == TrustedProxy(header="X-Forwarded-User", networks=networks)
    assert found.page.access == (PageAccess(scopes=("rep=ann",), users=("ann@example.com",)),)


def test_links_are_addresses_by_what_subjects_begin_with() -> None:
    found = rules('[page.links]\n"hubspot:deal" = "https://a.example.com/deals/{id}"').page
    assert found.links == {"hubspot:deal": "https://a.example.com/deals/{id}"}
    assert not found.access


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[[page.access]]\nsees = "everything"', "line 2: page.access[0].sees is for nobody"),
        ('[[page.access]]\ntoken_file = "t"', "page.access[0].sees is missing"),
        (
            '[page.links]\nhubspot = "https://a/{id}"',
            "page.links.hubspot is no beginning of a",
        ),
        ('[page.links]\n"a:b" = "https://a/"', 'page.links."a:b" is no address of an object'),
        ('[page.links]\n"a:b" = "javascript:{id}"', "is no address of an object; write an addr"),
        ('[page.links]\n"a:b" = "https://{id}/x"', "has {id} in its host; write {id} behind"),
        (
            '[[page.access]]\ntoken_file = "t"\nsees = "all"',
            'sees is none of what can be seen; write "everything"',
        ),
        ('[[page.access]]\ntoken_file = "t"\nsees = {}', "line 3: page.access[0].sees names noth"),
        ('[[page.access]]\ntoken_file = "t"\nsees = { reps = "a" }', "sees.reps is no rule"),
        ('[[page.access]]\ntoken_file = "t"\nsees = { rep = "" }', "sees.rep is empty"),
        (
            '[[page.access]]\ntoken_file = "t"\nsees = "everything"\nsets = "all"',
            'line 4: page.access[0].sets is "all"; it must be one of targets',
        ),
        ('[[page.access]]\ntoken = "t"\nsees = "everything"', "did you mean token_file"),
        ('[[page.access]]\nusers = ["a"]\nsees = "everything"', "users are named without a proxy"),
        (PROXY, "line 1: page.proxy names nobody"),
        (
            f'{PROXY}[[page.access]]\nusers = ["a"]\nsees = "everything"\n'
            '[[page.access]]\nusers = ["a"]\nsees = "everything"',
            'page.access[1].users has "a" twice',
        ),
        ('[page.proxy]\nheader = "X User"\nfrom = ["::1"]', 'page.proxy.header is "X User"'),
        ('[page.proxy]\nheader = "X"\nfrom = ["10.0.0.1/8"]', "line 3: page.proxy.from has"),
        ('[page.proxy]\nheader = "X"\nfrom = []', "page.proxy.from is empty"),
        ("[page]\nport = 1", "line 2: page.port is no rule"),
    ],
)
def test_a_bad_rule_is_refused_with_its_line(text: str, expected: str) -> None:
    with pytest.raises(BadSetting) as error:
        rules(text)
    assert expected in str(error.value)


def test_who_may_look_is_not_published() -> None:
    text = '[[page.access]]\ntoken_file = "t"\nsees = "everything"'
    assert in_force(Settings(), rules(text)) == in_force(Settings(), rules(""))
