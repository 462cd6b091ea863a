"""Do emails invite an answer, and get one: by hand."""

from tests.kpis.story import (
    click,
    email,
    told,
)


def test_link_share_is_over_emails_a_person_sent() -> None:
    found = told(
        email("03-10 09:00", "mail-1", links=2),
        email("03-10 09:01", "mail-2"),
        email("03-10 09:02", "mail-3"),
        email("03-10 09:03", "mail-4", links=1, automated=True),
    )
    assert found["email_link_share"] == 1 / 3


def test_clicks_are_all_counted_at_their_own_time_for_the_sender() -> None:
    found = told(
        email("02-27 09:00", links=1),
        click("02-28 09:00"),
        click("03-01 09:00"),
        click("03-02 09:00"),
    )
    assert found["email_clicks", "rep=ann", "month", "2026-02"] == 1
    assert found["email_clicks", "rep=ann", "month", "2026-03"] == 2


def test_clicks_on_automated_emails_are_counted_too() -> None:
    found = told(email("03-10 09:00", links=1, automated=True), click("03-10 10:00"))
    assert found["email_clicks"] == 1
    assert "email_click_rate" not in found


def test_click_on_an_unknown_email_is_not_counted() -> None:
    assert "email_clicks" not in told(email("03-10 09:00"), click("03-10 10:00", "mail-2"))


def test_click_in_a_reps_loose_mail_finds_its_email() -> None:
    events = [
        email("03-10 09:00", subject="rep:ann", links=1),
        click("03-10 10:00", subject="rep:ann"),
    ]
    assert told(*events)["email_clicks", "rep=ann"] == 1


def test_click_rate_counts_an_email_once_however_often_it_is_clicked() -> None:
    found = told(
        *(email(f"03-10 09:0{n}", f"mail-{n}", links=1) for n in (1, 2, 3, 4)),
        email("03-10 09:05", "mail-5"),
        click("03-10 10:00", "mail-1"),
        click("03-10 11:00", "mail-1"),
    )
    # Four emails with a link, one of them clicked; the fifth had none.
    assert found.parts("email_click_rate") == {"hits": 1, "total": 4}
    assert found["email_click_rate"] == 0.25


def test_click_rate_belongs_to_the_day_of_sending() -> None:
    found = told(email("03-10 09:00", links=1), click("03-12 09:00"))
    assert found["email_click_rate", "all", "day", "2026-03-10"] == 1.0
    assert ("email_click_rate", "all", "day", "2026-03-12") not in found


def test_email_sent_again_under_its_name_is_the_later_one() -> None:
    found = told(email("03-10 09:00", links=0), email("03-10 09:30", links=1))
    assert found.parts("email_link_share") == {"hits": 1, "total": 1}
