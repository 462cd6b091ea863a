"""The OpenAPI document: valid, served, and true of the gateway that serves it."""

import asyncio
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from streams.config.settings import Settings
from streams.gateway.errors import STATUS
from streams.gateway.openapi.document import document
from streams.gateway.server import PATHS
from tests.gateway.processes import process
from tests.gateway.sending import TOKEN, Sender

ROOT = Path(__file__).parents[2]
DOCUMENT = document()
POST = DOCUMENT["paths"]["/events"]["post"]
BODIES = POST["requestBody"]["content"]
RUN_SECONDS = 10
# Whatever is slow, the run has ended by then or hangs.
GIVEN_UP_SECONDS = 240
# Which names exist, how long a source and an id are together: a schema cannot express that, so
# that not all which is valid by it is accepted.
BEYOND_A_SCHEMA = "positive_data_acceptance"
BINARY = {
    "ce-specversion": "1.0",
    "ce-id": "7",
    "ce-source": "/crm",
    "ce-type": "call.ended",
    "ce-time": "2026-03-02T09:15:00Z",
    "ce-subject": "lead-1",
}


def validator(schema: dict[str, Any]) -> Draft202012Validator:
    """Return a validator of a part of the document."""
    return Draft202012Validator({**schema, "components": DOCUMENT["components"]})


def test_the_document_is_openapi() -> None:
    OpenAPIV31SpecValidator(DOCUMENT).validate()


def test_a_part_that_is_missing_is_found() -> None:
    with pytest.raises(Exception, match="responses"):
        OpenAPIV31SpecValidator(
            {**DOCUMENT, "paths": {"/events": {"post": {"responses": 5}}}}
        ).validate()


def test_every_reference_leads_somewhere() -> None:
    for reference in re.findall(r'"\$ref":"#/([^"]+)"', orjson.dumps(DOCUMENT).decode()):
        found: Any = DOCUMENT
        for name in reference.split("/"):
            found = found[name]
        assert found


def test_every_path_and_refusal_is_described() -> None:
    webhooks = {"/webhooks/{source}", "/webhooks/{source}/{label}"}
    assert set(DOCUMENT["paths"]) == {*PATHS, *webhooks}
    assert {int(status) for status in DOCUMENT["components"]["responses"]} == set(STATUS.values())
    assert set(POST["responses"]) == {"202"} | {str(status) for status in STATUS.values()}


async def test_it_is_served_to_everyone(sender: Sender) -> None:
    async with sender.session.get(f"{sender.url}/openapi.json") as response:
        assert response.status == 200
        assert response.headers["Content-Encoding"] == "deflate"
        assert response.content_type == "application/json"
        assert await response.json() == DOCUMENT


EXAMPLES = [
    *(
        (name, "application/json", each["value"])
        for name, each in BODIES["application/json"]["examples"].items()
    ),
    *((media, media, body["example"]) for media, body in BODIES.items() if "example" in body),
]


@pytest.mark.parametrize(
    ("name", "media_type", "value"), EXAMPLES, ids=[each[0] for each in EXAMPLES]
)
async def test_every_example_of_a_body_is_valid_and_accepted(
    sender: Sender, name: str, media_type: str, value: Any
) -> None:
    validator(BODIES[media_type]["schema"]).validate(value)
    body = value if isinstance(value, str) else json.dumps(value)
    headers = BINARY if name == "binary" else {}
    answer = await sender.post(body.encode(), media_type, **headers)
    assert answer.status == 202
    validator({"$ref": "#/components/schemas/Accepted"}).validate(answer.body)


def test_every_example_of_an_answer_is_valid() -> None:
    for response in [POST["responses"]["202"], *DOCUMENT["components"]["responses"].values()]:
        for content in response["content"].values():
            validator(content["schema"]).validate(content["example"])


@pytest.mark.parametrize(
    ("body", "media_type", "error"),
    [
        (b"{", "application/json", "400"),
        (b'{"id":"1"}', "application/json", "422"),
        (b"<a/>", "application/xml", "415"),
        (b"[" * 40, "application/json", "413"),
    ],
)
async def test_what_is_refused_has_the_form_that_is_described(
    sender: Sender, body: bytes, media_type: str, error: str
) -> None:
    answer = await sender.post(body, media_type)
    assert str(answer.status) == error
    schema = DOCUMENT["components"]["responses"][error]["content"]["application/json"]["schema"]
    validator(schema).validate(answer.body)


async def test_generated_requests_find_no_answer_that_is_not_described(
    settings: Settings, tmp_path: Path
) -> None:
    async with process(settings) as (_, url):
        run = await asyncio.create_subprocess_exec(
            *(str(Path(sys.executable).with_name("schemathesis")), "run", f"{url}/openapi.json"),
            *("--header", f"Authorization: Bearer {TOKEN}"),
            *("--max-time", str(RUN_SECONDS), "--max-examples", "25"),
            *("--exclude-checks", BEYOND_A_SCHEMA, "--generation-deterministic", "--no-color"),
            # What it leaves behind is no part of the project.
            cwd=tmp_path,
            env=os.environ
            | {"SCHEMATHESIS_HOOKS": "tests.gateway.schemathesis_hooks", "PYTHONPATH": str(ROOT)},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        async with asyncio.timeout(GIVEN_UP_SECONDS):
            output, _ = await run.communicate()
    assert run.returncode == 0, output.decode()
    assert "Tested: 8" in output.decode()
