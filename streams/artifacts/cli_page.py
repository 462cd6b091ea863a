"""`docs/reference/cli.md`: every command with its arguments and options, from click."""

from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path

import click

FILE = "cli.md"
HEAD = """# Commands

Generated from the command line itself: `make generated` rewrites this page.

Every command reads its settings from the environment, see [Settings](settings.md). An option
overrides the setting of the same name. Every command has `--help`.

| exit code | meaning |
|---|---|
| 0 | done, and what was asked is so |
| 1 | failed, or what was asked is not so; one line on standard error says why |
| 2 | the command line or the rules file cannot be used |
| 130 | interrupted with Ctrl-C |
"""


def write(folder: Path, program: click.Group) -> Path:
    """Write the page of a program into a folder and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE
    path.write_text(page(program), encoding="utf-8")
    return path


def page(program: click.Group) -> str:
    """Return the page; the same commands give the same text."""
    return "\n".join([HEAD, *_sections(program, "sales-kpis")])


def commands(group: click.Group, path: str) -> Iterator[tuple[str, click.Command]]:
    """Give every command that does something, by name, each with its full path."""
    for name, command in sorted(group.commands.items()):
        if isinstance(command, click.Group):
            if command.invoke_without_command:
                yield f"{path} {name}", command
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


def _sections(program: click.Group, name: str) -> Iterator[str]:
    for path, command in commands(program, name):
        context = click.Context(command)
        usage = " ".join([path, *command.collect_usage_pieces(context)])
        lines = [f"## `{path}`", "", cleandoc(command.help or ""), "", "```text", usage, "```", ""]
        options = [each for each in command.params if isinstance(each, click.Option)]
        if options:
            lines += ["| option | default | meaning |", "|---|---|---|"]
            lines += [*(_row(each, context) for each in options), ""]
        yield "\n".join(lines)


def _row(option: click.Option, context: click.Context) -> str:
    name = ", ".join(option.opts)
    if not option.is_flag:
        # A bounded number is a number; its bounds are in the last column.
        name += " " + option.make_metavar(context).removesuffix(" RANGE")
    default = f"`{option.default}`" if option.show_default else ""
    cells = (f"`{name}`", default, (option.help or "") + _bounds(option))
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _bounds(option: click.Option) -> str:
    """Add what the value has to be, where that is more than its kind."""
    bounds = []
    if isinstance(option.type, click.IntRange | click.FloatRange):
        low, high = option.type.min, option.type.max
        bounds.append(f"at least {low}" if high is None else f"{low} to {high}")
    if option.multiple:
        bounds.append("may be repeated")
    if option.required:
        bounds.append("required")
    return f" ({', '.join(bounds)})" if bounds else ""
