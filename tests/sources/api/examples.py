"""An `[api]` of a made-up CRM that uses all there is, and what its parts give."""

import json
from typing import Any

from streams.config.rules.table import read_table
from streams.sources.api import Api, parse
from streams.sources.api.pages import Answer
from streams.sources.api.requests import Access

TEXT = """
[api]
base = "https://{host}/v1"
rate = "4"
[api.headers]
Authorization = "Bearer {token}"
[api.account]
host = "crm.example.com"
[api.account.eu]
host = "eu.example.com"

[api.read.deal]
path = "/deals/{id}"
query = { with = "contacts" }
id = "[0-9]{1,20}"
items = "data"
[api.read.lead]
path = "/leads"
query = { ids = "{ids}" }
most = 3
items = "data"

[api.list.deal]
method = "POST"
path = "/deals/search"
items = "results"
time = "ms"
page = { size = 2, cursor = "paging.after" }
[api.list.deal.body]
after = "{cursor}"
limit = "{limit}"
filters = [{ name = "changed", from = "{since}" }]
[api.list.lead]
path = "/leads"
query = { since = "{since}", start = "{offset}", limit = "{limit}" }
items = "data"
page = { size = 2, from = 0 }
[api.list.call]
path = "/calls?since={since}"
items = "data"
page = { next = "links.next" }
"""


def api(text: str = TEXT) -> Api:
    return parse(read_table(text, "crm.toml").table("api"))


EXAMPLE = api()
ACCESS = Access(EXAMPLE.account_of(""), "t0ken")


def answer(body: Any, status: int = 200, **headers: str) -> Answer:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status, headers, text)
