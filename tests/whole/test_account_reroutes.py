"""Merged and erased accounts between two shards of a real Kafka."""

from streams.config.settings import Settings
from streams.internal_topics.reroutes import shard_of
from streams.kafka import topics
from tests.installation.installed import event, produce
from tests.installation.tasks import hands
from tests.tasks.test_reroutes import current, merged, shard, whole


async def test_merge_of_an_erased_account_stands_and_names_it_nowhere(
    settings: Settings,
) -> None:
    found = {shard_of(f"account-{n}", settings): f"account-{n}" for n in range(20)}
    double, account = found[0], found[1]
    known = event(1, "account.set", account=double, rep="ann")
    bill = {"amount": "5", "currency": "EUR", "due": "2026-05-31"}
    of_accounts = {"topic": "crm.order"}
    befalls = [
        merged(3, double, account) | of_accounts,
        whole(4, "subject.erased", account) | of_accounts,
    ]
    bills = [
        event(number, "invoice.issued", subject=name, invoice=name, **bill)
        for number, name in ((2, double), (5, account))
    ]
    bills[1]["at"] = "2026-05-02T00:00:05Z"
    await produce(settings, [known, bills[0]])
    async with hands(settings) as own:
        shards = [await shard(own, number) for number in (0, 1)]
        await own.exchange(*shards)
        await produce(settings, [*befalls, bills[1]])
        await own.exchange(*shards)
        await own.exchange(*[await shard(own, number) for number in (0, 1)])
    cells = await current(settings, topics.PARTIALS)
    assert [key for key in cells if b"rep=ann" in key and b"receivables" in cells[key]]
    for topic in (topics.state(settings), topics.reroutes(settings)):
        for key, value in (await current(settings, topic)).items():
            assert double.encode() not in key + value
