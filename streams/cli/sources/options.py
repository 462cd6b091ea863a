"""Options that commands on sources share."""

import re
from typing import Any

import click

from streams.config.declaration import BadSetting
from streams.config.settings import Settings, instant

PERIODS_MS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000}
SOURCE = click.argument("source")


class Instant(click.ParamType):
    """An instant, or how long ago it was: milliseconds since the epoch, or before now."""

    name = "time"

    def convert(self, value: Any, param: Any, ctx: Any) -> int:
        """Read a time with an offset, or a period such as 3d; a period becomes negative."""
        if isinstance(value, int):
            return value
        if found := re.fullmatch(r"(\d{1,6})([mhd])", value):
            return -int(found[1]) * PERIODS_MS[found[2]]
        try:
            return instant(value, "--since")
        except BadSetting as error:
            self.fail(f"{error}, or 90m, 12h, 3d ago", param, ctx)


class Period(click.ParamType):
    """A length of time, such as 15m, in milliseconds."""

    name = "period"

    def convert(self, value: Any, param: Any, ctx: Any) -> int:
        """Read a period of minutes, hours or days."""
        found = re.fullmatch(r"([1-9]\d{0,5})([mhd])", value)
        if found is None:
            self.fail(f"{value!r} is no period; write one such as 15m or 1h", param, ctx)
        return int(found[1]) * PERIODS_MS[found[2]]


GATEWAY = click.option(
    "--url", metavar="URL", help="The gateway. Default: this machine's, SALES_KPIS_GATEWAY_PORT."
)
SINCE = click.option(
    "--since", type=Instant(), metavar="TIME", help="A time with an offset, or 90m, 12h, 3d ago."
)


def gateway_url(given: str | None, used: Settings) -> str:
    """Return the URL of the gateway that an option GATEWAY names."""
    return given or f"http://127.0.0.1:{used.gateway_port}"


def since_ms(value: int | None, now: int, default: int = 0) -> int:
    """Return the instant that an option SINCE names, in milliseconds."""
    if value is None:
        return default
    return now + value if value < 0 else value
