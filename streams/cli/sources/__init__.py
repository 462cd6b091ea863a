"""The commands `sales-kpis sources ...`: other systems whose webhooks, files and APIs are read.

Each command is in a module of its own, and is added here.
"""

from streams.cli.sources.check import check
from streams.cli.sources.explain import explain
from streams.cli.sources.import_file import import_file
from streams.cli.sources.overview import sources
from streams.cli.sources.pull import pull
from streams.cli.sources.replay import replay
from streams.cli.sources.send import send

__all__ = ["sources"]

for command in (check, explain, import_file, pull, replay, send):
    sources.add_command(command)
