"""A company's own dimensions: read from `custom`, and scopes of the KPIs whose facts know them."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from streams.config.declaration import BadSetting
from streams.config.rules import Rules, parse
from streams.config.rules.table import read_table
from streams.config.settings import Settings
from streams.engine.catalogue.definitions import OwnDimension
from streams.engine.merge.dimension_groups import dimension_group
from streams.events import DealChanged, Rejected, TargetSet, decode
from streams.wiring.catalogue import catalogue, known_names
from streams.wiring.core import build_core
from tests.kpis.story import (
    Told,
    account,
    deal,
    invoice,
    lead,
    lost,
    ordered,
    quoted,
    said,
    target,
    ticket,
    told,
    won,
)

DIMENSIONS = '[dimensions]\nregion = "account"\ndeal_type = "deal"\nsource_list = "lead"\n'


def rules(text: str = DIMENSIONS) -> Rules:
    """Rules of a text."""
    return parse(read_table(text, "rules.toml"))


@pytest.fixture
def known(tmp_path: Path) -> Any:
    """Tell a story under own dimensions."""
    file = tmp_path / "rules.toml"
    file.write_text(DIMENSIONS)

    def tell(*events: Any, **options: Any) -> Told:
        return told(*events, rules=file, **options)

    return tell


def test_deals_count_by_what_deal_lead_and_account_carry(known: Any) -> None:
    found = known(
        account("acme", custom={"region": "north"}),
        lead("03-01 09:00", "l1", custom={"source_list": "fair 2026"}),
        deal("03-02 09:00", "d1", "l1", account="acme", custom={"deal_type": "new"}),
        won("03-10 09:00", "d1", "100", subject="l1"),
        won("03-10 10:00", "d2", "50", account="acme", custom={"deal_type": "renewal"}),
        won("03-10 11:00", "d3", "7"),
    )
    assert found["revenue_won"] == "157.00"
    assert found["revenue_won", "region=north"] == "150.00"
    assert found["revenue_won", "deal_type=new"] == "100.00"
    assert found["revenue_won", "deal_type=renewal"] == "50.00"
    assert found["revenue_won", "source_list=fair 2026"] == "100.00"
    assert found["lead_count", "source_list=fair 2026"] == 1
    assert found.scopes("lead_count") == {"all", "source_list=fair 2026"}


def test_null_clears_a_value_and_absence_leaves_it(known: Any) -> None:
    deals = [
        deal("03-01 09:00", "d1", custom={"deal_type": "new"}),
        deal("03-02 09:00", "d1", stage="offer"),
        deal("03-03 09:00", "d1", custom={"other": "x"}),
    ]
    assert known(*deals)["pipeline_count", "deal_type=new"] == 1
    cleared = (
        {"custom": {"deal_type": None}},
        {"custom": {"deal_type": " "}},
        {"custom": None},
    )
    for patch in cleared:
        found = known(*deals, deal("03-04 09:00", "d1", **patch))
        assert found["pipeline_count"] == 1
        assert ("pipeline_count", "deal_type=new") not in found


def test_region_of_now_holds_for_the_past_too(known: Any) -> None:
    events = [
        account("acme", custom={"region": "north"}),
        won("03-10 09:00", "d1", "100", account="acme"),
        invoice("03-11 09:00", "80", "03-31"),
        ordered("03-12 09:00"),
        ticket("03-13 09:00", "complaint"),
        ticket("03-13 10:00", "closing_request", "t2"),
    ]
    found = known(*events, account("acme", "03-15 09:00", custom={"region": "south"}))
    for kpi, value in (
        ("revenue_won", "100.00"),
        ("receivables", "80.00"),
        ("customer_lifetime_value", "80.00"),
        ("complaints", 1),
        ("churn_risk", 1),
    ):
        assert found[kpi, "region=south"] == value
        assert (kpi, "region=north") not in found
        assert found[kpi] == value


def test_customer_with_invoices_of_two_reps_is_one_of_its_region(known: Any) -> None:
    found = known(
        account("acme", custom={"region": "north"}),
        invoice("03-11 09:00", "80", "03-31", "i1", rep="ann"),
        invoice("03-12 09:00", "40", "03-31", "i2", rep="bob"),
        invoice("03-12 09:00", "10", "03-31", "i3", subject="other"),
    )
    assert found["customer_lifetime_value", "region=north"] == "120.00"
    assert found["customer_lifetime_value"] == "65.00"


def test_derived_kpi_has_the_dimensions_that_all_its_ingredients_have(known: Any) -> None:
    found = known(
        won("03-10 09:00", "d1", "400", custom={"deal_type": "new"}),
        deal("03-01 09:00", "d1"),
        lost("03-11 09:00", "d2", "400", custom={"deal_type": "new"}),
        deal("03-11 09:00", "d3", amount="100", custom={"deal_type": "new"}),
    )
    # One open deal, half are won, 400 each, in nine days: 1 x 0.5 x 400 / 9.
    assert found["sales_velocity", "deal_type=new"] == "22.22"
    declared = {kpi.name: kpi.published_scopes for kpi in catalogue(Settings(), rules()).published}
    assert "deal_type" in declared["pipeline_coverage"]
    # Spend knows no deal; the others compare or pay reps and partners.
    for kpi in ("campaign_return", "partner_quality", "commission", "delivery_sales_lag"):
        assert not {"deal_type", "region", "source_list"} & {*declared[kpi]}


def test_quote_knows_what_its_lead_carries(known: Any) -> None:
    found = known(
        lead("03-01 09:00", custom={"source_list": "fair"}),
        quoted("03-02 09:00"),
        quoted("03-03 09:00", what="ordered"),
    )
    assert found["quote_to_order", "source_list=fair"] == 1.0


def test_survivor_of_a_merge_has_what_it_lacks(known: Any) -> None:
    merged = said("subject.merged", "03-14 09:00", subject="old", into="acme", topic="crm.order")
    old = account("old", custom={"region": "north", "other": "x"})
    owed = invoice("03-11 09:00", "80", "03-31", subject="old")
    assert known(old, owed, merged)["receivables", "region=north"] == "80.00"
    own = account("acme", custom={"region": "south"})
    found = known(old, own, owed, merged)
    assert found["receivables", "region=south"] == "80.00"
    assert ("receivables", "region=north") not in found
    leads = [
        lead("03-01 09:00", "l1", custom={"source_list": "fair"}),
        lead("03-02 09:00", "l2"),
        said("subject.merged", "03-03 09:00", subject="l1", into="l2", topic="crm.lead"),
    ]
    assert known(*leads)["lead_count", "source_list=fair"] == 1


def test_target_of_an_own_dimension_is_reached(known: Any) -> None:
    found = known(
        target("deal_count", "4", scope={"deal_type": " new "}),
        won("03-10 09:00", "d1", custom={"deal_type": "new"}),
    )
    record = found.record("deal_count", "deal_type=new")
    assert record is not None
    assert (record["target"], record["attainment"]) == (4, 0.25)


def test_target_of_a_dimension_that_nobody_has_is_refused_by_name() -> None:
    line = orjson.dumps(target("deal_count", "4", scope={"deal_type": "new"}))
    read = decode(line)
    assert isinstance(read, TargetSet)
    problem = known_names(catalogue(Settings())).problem(read)
    assert isinstance(problem, Rejected)
    assert problem.field == "scope"
    assert "deal_count has no scope deal_type; it has all, rep, team" in problem.reason
    assert known_names(catalogue(Settings(), rules())).problem(read) is None


def test_values_are_written_as_labels_are() -> None:
    custom = {
        "text": " Mu\u0308ller ",
        "long": "x" * 201,
        "number": 3,
        "flag": True,
        "share": 0.5,
        "list": ["a"],
        "gone": None,
        "empty": " ",
    }
    read = decode(orjson.dumps(deal("03-01 09:00", "d1", custom=custom)))
    assert isinstance(read, DealChanged)
    assert read.custom == {
        "text": "M\u00fcller",
        "long": "x" * 199 + "\u2026",
        "number": "3",
        "flag": "true",
        "gone": None,
        "empty": None,
    }


def test_custom_that_is_no_object_is_refused_by_its_field() -> None:
    read = decode(orjson.dumps(deal("03-01 09:00", "d1", custom=["a"])))
    assert isinstance(read, Rejected)
    assert read.field == "custom"


def test_unknown_keys_change_nothing(known: Any) -> None:
    found = known(won("03-10 09:00", "d1", custom={"colour": "red", "region": "west"}))
    # The account carries the region, not the deal.
    assert found.scopes("deal_count") == {"all"}


def test_each_own_dimension_is_merged_apart_and_where_its_name_says() -> None:
    groups = {name: dimension_group(f"1|{name}=x") for name in ("region", "deal_type", "rep")}
    assert len({*groups.values()}) == 3
    for text in (DIMENSIONS, '[dimensions]\nregion = "account"\n', ""):
        core = build_core(Settings(), rules(text))
        assert core.dimension_group("1|region=x") == groups["region"]


def test_an_own_dimension_is_where_the_rules_put_it_and_may_move(tmp_path: Path) -> None:
    events = [
        won("03-10 09:00", "d1", custom={"kind_of": "a", "size_of": "b"}),
        won("03-10 09:00", "d2", custom={"size_of": "b"}),
    ]
    file = tmp_path / "rules.toml"
    for names in (("kind_of", "size_of"), ("size_of", "kind_of"), ("size_of",)):
        file.write_text("[dimensions]\n" + "".join(f'{name} = "deal"\n' for name in names))
        found = told(*events, rules=file)
        assert found["deal_count", "size_of=b"] == 2
        assert (("deal_count", "kind_of=a") in found) is ("kind_of" in names)


def test_definitions_of_the_rules_are_read() -> None:
    assert rules().dimensions == (
        OwnDimension("region", "account"),
        OwnDimension("deal_type", "deal"),
        OwnDimension("source_list", "lead"),
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('region = "acount"', 'line 2: dimensions.region is "acount"; it must be one of deal,'),
        ('region = "acount"', "did you mean account?"),
        ('stage = "deal"', "line 2: dimensions.stage is a name that has a meaning already"),
        ('team = "deal"', "dimensions.team is a name that has a meaning already"),
        ('all = "deal"', "dimensions.all is a name that has a meaning already"),
        ('Region = "deal"', "dimensions.Region cannot be a name; give it small letters"),
        ('"re gion" = "deal"', 'dimensions."re gion" cannot be a name'),
        (
            'a = "deal"\nb = "deal"\nc = "deal"\nd = "deal"\ne = "deal"',
            "line 6: dimensions.e is one too many; a company may have 4 of its own",
        ),
        ("region = 1", "dimensions.region is 1"),
    ],
)
def test_dimension_that_cannot_be_is_refused(text: str, expected: str) -> None:
    with pytest.raises(BadSetting) as refused:
        rules(f"[dimensions]\n{text}\n")
    assert expected in str(refused.value)
