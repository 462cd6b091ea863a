"""Settings of sources: one variable for each source, secrets that nobody sees, checked URLs."""

import base64
from pathlib import Path

import pytest

from streams.config.declaration import BadSetting
from streams.config.input_files import input_files
from streams.config.settings import PREFIX, Settings
from streams.config.source_settings import decoded_key
from streams.process.environment import environment

LONG = "a-secret-of-the-tests-alone"
OTHER = "another-secret-of-the-tests"


def read(**environment: str) -> Settings:
    """Read settings from variables named without their prefix."""
    return Settings.from_environment({f"{PREFIX}{name}": it for name, it in environment.items()})


def refusal(**environment: str) -> str:
    """Give the message with which settings are refused."""
    with pytest.raises(BadSetting) as refused:
        read(**environment)
    return str(refused.value)


def test_each_source_has_a_variable_for_its_secrets() -> None:
    found = read(SECRET_HUBSPOT=f"{LONG}, {OTHER}", SECRET_AMOCRM=LONG)
    assert found.secrets == {"hubspot": (LONG, OTHER), "amocrm": (LONG,)}


def test_empty_variable_is_no_secret() -> None:
    assert read(SECRET_HUBSPOT="").secrets == {}


def test_secret_of_a_source_may_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(f" {LONG}\n")
    assert read(SECRET_HUBSPOT_FILE=str(file)).secrets == {"hubspot": (LONG,)}
    assert read(API_TOKEN_ZOHO_FILE=str(file)).api_tokens == {"zoho": LONG}


def test_secret_set_twice_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(LONG)
    message = refusal(SECRET_HUBSPOT_FILE=str(file), SECRET_HUBSPOT=LONG)
    assert message == f"{PREFIX}SECRET_HUBSPOT_FILE and {PREFIX}SECRET_HUBSPOT are both set"


@pytest.mark.parametrize("written", [f"{LONG},", f",{LONG}", f"{LONG}, ,{OTHER}"])
def test_empty_secret_among_several_is_refused_and_none_is_shown(written: str) -> None:
    message = refusal(SECRET_HUBSPOT=written)
    assert message == f"{PREFIX}SECRET_HUBSPOT has nothing before or after a comma"


@pytest.mark.parametrize("name", ["SECRET_", "SECRET", "SECRETS", "API_TOKEN_", "API_TOKENS"])
def test_secret_of_no_source_is_refused(name: str) -> None:
    assert refusal(**{name: LONG}).startswith(f"{PREFIX}{name} is no setting")


def test_secrets_are_not_shown() -> None:
    settings = read(SECRET_HUBSPOT=LONG, API_TOKEN_ZOHO=LONG, INBOX_KEY="ab" * 32)
    assert not any(each in repr(settings) for each in (LONG, "ab" * 32))


@pytest.mark.parametrize(
    "url",
    [
        "crm.example.com",
        "ftp://example.com",
        "https://",
        "https://a.example.com/",
        "https://a/?x=1",
    ],
)
def test_public_address_that_no_sender_could_use_is_refused(url: str) -> None:
    assert "must be like https://crm.example.com" in refusal(PUBLIC_URL=url)


def test_public_address_may_have_a_port_and_a_path() -> None:
    url = "https://crm.example.com:8443/sales"
    assert read(PUBLIC_URL=url).public_url == url


def test_inbox_key_is_read_in_hexadecimal_and_in_base64() -> None:
    key = bytes(range(32))
    assert decoded_key(key.hex()) == decoded_key(base64.b64encode(key).decode()) == key


@pytest.mark.parametrize("key", ["ab" * 31, "x" * 44, "ab" * 32 + ",", "0" * 42 + "=="])
def test_inbox_key_of_another_length_is_refused_and_not_shown(key: str) -> None:
    message = refusal(INBOX_KEY=key)
    assert message.startswith(f"{PREFIX}INBOX_KEY must be 32 bytes")
    assert key not in message


def test_child_process_has_the_secrets_of_each_source() -> None:
    settings = read(SECRET_HUBSPOT=f"{LONG},{OTHER}", API_TOKEN_ZOHO=LONG)
    assert Settings.from_environment(environment(settings)) == settings


def test_files_of_secrets_are_input_files() -> None:
    named = {f"{PREFIX}SECRET_HUBSPOT_FILE": "/a", f"{PREFIX}RULES": "/b", f"{PREFIX}DATA": "/c"}
    assert input_files(named) == {
        f"{PREFIX}SECRET_HUBSPOT_FILE": Path("/a"),
        f"{PREFIX}RULES": Path("/b"),
    }
