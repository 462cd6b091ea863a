"""Links from leads, deals and invoices into the CRM that they came from."""

from collections.abc import Mapping
from urllib.parse import quote

from streams.config.rules.page import ID


def crm_link(links: Mapping[str, str], subject: str) -> str:
    """Return the address of a subject such as `hubspot:contact:7`; empty where there is none.

    `links` are those of the rules file: addresses with `{id}`, by what subjects begin with.
    """
    for beginning in sorted(links, key=len, reverse=True):
        number = subject.removeprefix(beginning + ":")
        if number not in (subject, ""):
            return links[beginning].replace(ID, quote(number, safe=""))
    return ""
