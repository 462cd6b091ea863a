"""Other installations on the same Kafka: they write the same `kpi.partials` and `sales.*`."""

from dataclasses import replace

from aiokafka.errors import GroupAuthorizationFailedError

from streams.config.settings import PREFIX, Settings
from streams.kafka import topics
from streams.kafka.client import admin_client
from streams.kafka.consumer_group import describe_group
from streams.operations.findings import Finding

# For a group that rebalances: whoever does so is there.
WAIT_SECONDS = 5.0


async def check_installations(settings: Settings) -> list[Finding]:
    """Report installations of another name whose workers run, or may run.

    Topics without workers are what a change of the name leaves behind, and no fault.
    """
    found = []
    for app in await other_apps(settings):
        try:
            group = await describe_group(replace(settings, app=app), WAIT_SECONDS)
        except GroupAuthorizationFailedError:
            found.append(
                Finding(
                    f"topics of another installation are on this Kafka: {app}",
                    advice=f"its workers would write the same {topics.PARTIALS}, {topics.KPIS} and"
                    f" {topics.ALERTS}: grant this user Describe on the group {app}, to see"
                    " whether any run",
                    is_doubtful=True,
                )
            )
            continue
        if group.members or group.is_rebalancing:
            found.append(
                Finding(
                    f"another installation runs on this Kafka: {app}, with {group.members} workers",
                    is_fine=False,
                    advice=f"both write {topics.PARTIALS}, {topics.KPIS} and {topics.ALERTS}, and"
                    f" overwrite each other's values: stop one, or set {PREFIX}APP to the same"
                    " name, and then start the workers that stay again",
                )
            )
    return found


async def other_apps(settings: Settings) -> list[str]:
    """Give the names of other installations whose topics exist."""
    async with admin_client(settings) as admin:
        existing = set(await admin.list_topics())
    ends = [topic(settings).removeprefix(settings.app) for topic in topics.OWN]
    first = ends[0]
    apps = {name.removesuffix(first) for name in existing if name.endswith(first)}
    return sorted(
        app for app in apps - {settings.app} if all(f"{app}{end}" in existing for end in ends)
    )
