"""The share of wallet, by hand."""

from tests.kpis.story import (
    account,
    credited,
    invoice,
    rate,
    said,
    told,
)


def bought(at: str, amount: str, name: str = "invoice-1", **fields: str) -> dict[str, object]:
    """An invoice that is due some day."""
    return invoice(at, amount, due="03-31", name=name, **fields)


POTENTIAL = account(potential="10000", currency="EUR")


def test_wallet_share_is_a_years_invoices_over_what_the_account_could_buy() -> None:
    found = told(
        bought("02-02 09:00", "2500"),
        bought("03-02 09:00", "500", "invoice-2"),
        credited("03-03 09:00", "100"),
        POTENTIAL,
    )
    assert found["wallet_share"] == found["wallet_share", "account=acme"] == 0.3
    assert found["wallet_share", "all", "month", "2026-02"] == 0.25
    assert found.parts("wallet_share") == {"numerator": 300_000, "denominator": 1_000_000}


def test_invoice_leaves_the_wallet_share_365_days_after_without_any_event() -> None:
    events = bought("2025-03-15T09:00:00Z", "2500"), bought("03-02 09:00", "500", "2"), POTENTIAL
    assert told(*events, now="2026-03-15T08:59:59.999Z")["wallet_share"] == 0.3
    assert told(*events, now="03-15 09:00")["wallet_share"] == 0.05


def test_wallet_share_adds_up_accounts_from_their_first_invoice_on() -> None:
    found = told(
        bought("03-02 09:00", "2500"),
        bought("03-09 09:00", "100", subject="bolt"),
        bought("03-09 09:00", "900", subject="nobody knows"),
        POTENTIAL,
        account("bolt", potential="400", currency="EUR"),
        account("never bought", potential="1000000", currency="EUR"),
    )
    assert found["wallet_share", "all", "day", "2026-03-02"] == 0.25
    assert found["wallet_share"] == 2_600 / 10_400
    assert found["wallet_share", "account=bolt"] == 0.25
    assert found.scopes("wallet_share") == {"all", "account=acme", "account=bolt"}


def test_potential_of_nothing_or_never_given_is_none_and_no_fault() -> None:
    for known in (account(potential="0", currency="EUR"), account(currency="EUR")):
        found = told(bought("03-02 09:00", "2500"), known)
        assert "wallet_share" not in found
        assert "unpriced_facts" not in found


def test_potential_without_a_currency_or_a_rate_is_unpriced() -> None:
    for known in (account(potential="10000"), account(potential="10000", currency="XOF")):
        bills = bought("03-02 09:00", "2500"), bought("03-03 09:00", "500", "invoice-2")
        found = told(*bills, known)
        assert "wallet_share" not in found
        # One potential of one account, however many invoices.
        assert found.parts("unpriced_facts")["wallet_share"] == 1


def test_potential_is_converted_at_the_rate_of_its_own_date() -> None:
    found = told(
        bought("03-02 09:00", "2500"),
        account(potential="20000", currency="USD", at="02-10 09:00"),
        rate("USD", "02-01", "0.5"),
        rate("USD", "03-01", "0.9"),
    )
    assert found["wallet_share"] == 0.25


def test_corrected_potential_stands_for_all_time() -> None:
    events = bought("03-02 09:00", "2500"), POTENTIAL
    found = told(*events, account(potential="5000", currency="EUR", at="03-10 09:00"))
    assert found["wallet_share", "all", "day", "2026-03-02"] == 0.5


def test_invoice_without_a_rate_is_in_no_wallet() -> None:
    found = told(
        bought("03-02 09:00", "2500"),
        bought("03-03 09:00", "700", "invoice-2", currency="XOF"),
        POTENTIAL,
    )
    assert found["wallet_share"] == 0.25
    assert found.parts("unpriced_facts")["wallet_share"] == 1


def test_voided_invoice_is_in_no_wallet() -> None:
    void = said("invoice.voided", "03-06 09:00", subject="acme", invoice="invoice-1")
    assert "wallet_share" not in told(bought("03-02 09:00", "2500"), POTENTIAL, void)
