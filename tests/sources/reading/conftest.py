"""A fake CRM with ten deals."""

from collections.abc import AsyncIterator

import pytest

from tests.sources.fake_crm import FakeCrm, deal, fake_crm


@pytest.fixture
async def crm() -> AsyncIterator[FakeCrm]:
    numbers = range(1, 11)
    async with fake_crm(records={f"/v1/deals/{n}": deal(n) for n in numbers}) as found:
        yield found
