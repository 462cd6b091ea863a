"""The service `notify` of Compose, which runs only where it is asked for."""

from tests.deploy.test_compose import SCRAPED, SERVICES


def test_notifications_are_scraped_where_they_run_and_are_not_missed_elsewhere() -> None:
    (job,) = (job for job in SCRAPED["scrape_configs"] if job["job_name"] == "notify")
    (found,) = job["dns_sd_configs"]
    assert found["names"] == ["notify"]
    assert str(found["port"]) in SERVICES["notify"]["command"]
    assert SERVICES["notify"]["profiles"] == ["notify"]


def test_folder_of_secrets_is_mounted_read_only() -> None:
    *_, mount = SERVICES["notify"]["volumes"]
    assert mount["target"] == "/run/secrets/notify"
    assert mount["read_only"]
