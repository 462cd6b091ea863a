"""A user's mapping file changes how requests of a shipped source are verified."""

from pathlib import Path

import pytest

from streams.config.declaration import BadSetting
from streams.sources import auth
from streams.sources.loading import sources
from tests.sources.auth.shipped import SECRET, kind, verify, webhook

TOKEN = "t" * 24
XML = b"<a><OrganizationId>00D1</OrganizationId></a>"


def recipe(folder: Path, name: str, text: str) -> auth.Recipe:
    (folder / f"{name}.toml").write_text(f'source = "{name}"\n{text}\n')
    found = sources(folder)[name].recipe
    assert found is not None
    return found


def test_own_scheme_leaves_nothing_of_the_shipped_one(tmp_path: Path) -> None:
    own = recipe(tmp_path, "salesforce", '[auth]\nscheme = "token"\nheader = "x-relay-token"')
    assert own.hidden == frozenset()
    relayed = webhook(b"{}", x_relay_token=TOKEN)
    assert kind(verify(relayed, own, TOKEN)) == "verified"
    shipped = webhook(b"{}", target=f"/webhooks/salesforce?token={TOKEN}", authorization=TOKEN)
    assert kind(verify(shipped, own, TOKEN)) == "missing"


def test_own_organisation_goes_with_the_shipped_scheme(tmp_path: Path) -> None:
    text = '[[auth.only]]\nelement = "OrganizationId"\nvalues = ["00D2"]'
    own = recipe(tmp_path, "salesforce", text)
    request = webhook(XML, target=f"/webhooks/salesforce?token={SECRET}")
    assert kind(verify(request, own)) == "foreign"
    assert kind(verify(request._replace(body=XML.replace(b"1", b"2")), own)) == "verified"


def test_own_window_goes_with_the_shipped_scheme(tmp_path: Path) -> None:
    own = recipe(tmp_path, "stripe", '[auth]\ntime = { window = "1h" }')
    request = auth.sign(webhook(), own, SECRET, "", 0)
    assert kind(verify(request, own, now=3_600_000)) == "verified"
    assert kind(verify(request, own, now=3_600_001)) == "time"


def test_own_deadline_goes_with_the_shipped_answers(tmp_path: Path) -> None:
    (tmp_path / "odoo.toml").write_text('source = "odoo"\n[delivery]\ndeadline_ms = 700\n')
    rules = sources(tmp_path)["odoo"].delivery
    assert (rules.deadline_ms, rules.retries) == (700, "never")


def test_mistake_in_an_own_recipe_is_shown_with_place_and_remedy(tmp_path: Path) -> None:
    with pytest.raises(BadSetting) as raised:
        recipe(tmp_path, "generic", '[auth]\nscheme = "hmac"\nheader = "x-sign"\nhash = "md5"')
    message = str(raised.value)
    assert message.startswith("generic.toml:5:")
    assert "sha256, sha1, sha512" in message
    assert '    hash = "md5"\n' in message
