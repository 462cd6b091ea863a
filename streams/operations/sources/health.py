"""The doctor's checks of sources: mapping files, the translation of the inbox, unmapped items."""

from aiokafka.errors import GroupAuthorizationFailedError

from streams.config.declaration import BadSetting
from streams.config.settings import Settings
from streams.gateway.webhooks.endpoints import endpoints
from streams.kafka import topics
from streams.kafka.consumer_group import describe_group
from streams.operations.findings import Finding
from streams.operations.sources.backlog import backlog
from streams.operations.sources.overview import unmapped_items

WAIT_SECONDS = 10.0


async def check_sources_and_inbox(settings: Settings) -> list[Finding]:
    """Check all of it; nothing where no source is on and the inbox is empty."""
    try:
        on = endpoints(settings)
    except BadSetting as error:
        advice = "correct it, then start gateways and `sales-kpis translate` again"
        return [Finding(f"sources: {error}", is_fine=False, advice=advice)]
    found = [Finding(f"sources that are on: {', '.join(sorted(on))}")] if on else []
    try:
        waiting = await backlog(settings)
        if on or waiting:
            found.append(await _translation(settings, waiting))
    except GroupAuthorizationFailedError:
        found.append(
            Finding(
                f"the group {topics.translate_group(settings)} may not be described",
                advice="grant this user Describe on the group",
                is_doubtful=True,
            )
        )
    for source, count in sorted((await unmapped_items(settings)).items()):
        found.append(
            Finding(
                f"{count} items of {source} could not be translated",
                advice="`sales-kpis dead-letters list` gives the reasons; correct the mapping file,"
                f" restart `sales-kpis translate`, then: sales-kpis sources replay {source}",
                is_doubtful=True,
            )
        )
    return found


async def _translation(settings: Settings, waiting: int) -> Finding:
    """Check that a process translates the inbox, and that none of it waits."""
    name = topics.translate_group(settings)
    group = await describe_group(settings, WAIT_SECONDS, name)
    deliveries = f"{waiting:,} deliveries wait in the inbox"
    if not group.members:
        return Finding(
            f"no process translates webhooks into events: {deliveries}",
            is_fine=False,
            advice="start `sales-kpis translate`; if one runs, its last lines give the reason why"
            f" it is not in the group {name}",
        )
    if group.is_rebalancing:
        return Finding(
            f"the group {name} has been rebalancing for {group.rebalancing_s:.0f} s: {deliveries}",
            is_fine=False,
            advice="a process without progress for a minute ends and is started again",
        )
    if waiting:
        return Finding(
            f"webhooks are not all translated yet: {deliveries}",
            advice="look again in a moment; if there are more then, start further processes",
            is_doubtful=True,
        )
    return Finding("all webhooks in the inbox are translated")
