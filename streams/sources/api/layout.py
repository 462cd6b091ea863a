"""What section `[api]` of a mapping file declares; nothing here sends anything."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

# How the API writes the time since which records have changed.
TimeForm = Literal["s", "ms", "iso", "offset", "plain", "utc"]
TIME_FORMS: tuple[TimeForm, ...] = get_args(TimeForm)
Method = Literal["GET", "POST"]
METHODS: tuple[Method, ...] = get_args(Method)
Body = Literal["json", "form"]
BODIES: tuple[Body, ...] = get_args(Body)


@dataclass(frozen=True, slots=True)
class Call:
    """One kind of request.

    Attributes:
        kind: The kind of record, as rules name it: `_read == 'deal'`.
        method: GET or POST.
        path: The path below `base`, with placeholders.
        query: The parameters of the address, with placeholders.
        headers: Headers of this kind of request, with placeholders.
        body: A JSON value with placeholders, or None.
        encoding: How the body is written.
        items: The JMESPath of the record, or of the list of records, in an answer; where an
            answer has none it must lead to an empty list, for null is an answer at fault.
    """

    kind: str
    method: Method
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any
    encoding: Body
    items: Any


@dataclass(frozen=True, slots=True)
class ReadCall(Call):
    """How records of a kind are read by id.

    Attributes:
        id: What an id looks like; others are never made part of an address.
        most: How many ids one request may name.
        key: The JMESPath of a record's id, where a request names several.
    """

    id: re.Pattern[str]
    most: int
    key: Any


@dataclass(frozen=True, slots=True)
class Pages:
    """How the next page of a list is asked for; of these at most one way.

    Attributes:
        size: The records of a full page, for `{limit}`; fewer are the last page's.
        next: The JMESPath of the next page's address in the answer.
        link: Whether the header `Link` has the next page's address.
        cursor: The JMESPath of what `{cursor}` stands for in the next request.
        counted: What `{offset}` or `{page}` counts from, or None where neither is used.
        more: The JMESPath of whether there are more; None: a full page has a next one.
        most: The records after which the list begins again, from the last one's change on; or 0.
        changed: The JMESPath of a record's time of change, for `most`.
    """

    size: int
    next: Any = None
    link: bool = False
    cursor: Any = None
    counted: int | None = None
    more: Any = None
    most: int = 0
    changed: Any = None


@dataclass(frozen=True, slots=True)
class ListCall(Call):
    """How the records of a kind are listed that have changed since a time.

    Attributes:
        time: How that time is written.
        earlier_ms: How much earlier it is made, where the API has a time zone of its own.
        is_read: Whether the list only names the records, each of which is then read.
        pages: How the list goes on.
    """

    time: TimeForm
    earlier_ms: int
    is_read: bool
    pages: Pages


@dataclass(frozen=True, slots=True)
class Login:
    """How a short-lived token is got, as OAuth 2.0 has it.

    Attributes:
        url: The address, with placeholders.
        form: The form's fields, with placeholders.
        basic: The names of user and password for HTTP Basic, or none.
        parts: The names of the parts of the configured token, which has colons between them.
    """

    url: str
    form: Mapping[str, str]
    basic: tuple[str, ...]
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Api:
    """The whole section.

    Attributes:
        base: What every address begins with, with placeholders of `account` and `{token}`.
        headers: Headers of every request, with placeholders of `account` and `{token}`.
        interval_ms: The shortest time between two requests.
        account: What the user gives of an account, such as its host.
        accounts: The same by label, laid over `account`.
        login: How a token is got; None: the configured token is sent as it is.
        reads: By kind.
        lists: By name, in the order of the file.
    """

    base: str
    headers: Mapping[str, str]
    interval_ms: int
    account: Mapping[str, str]
    accounts: Mapping[str, Mapping[str, str]]
    login: Login | None
    reads: Mapping[str, ReadCall]
    lists: Mapping[str, ListCall]

    def account_of(self, label: str) -> Mapping[str, str]:
        """Return what is given of the account with a label."""
        return {**self.account, **self.accounts.get(label, {})}
