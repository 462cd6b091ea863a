"""Command lines that are shown and not run: whether what they name exists."""

import re
import shlex
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import click

from streams.cli import main

ROOT = Path(__file__).parents[2]
OPERATOR = re.compile(r"[();<>|&]+")
# What a reader fills in.
BLANK = re.compile(r"[$<{]|\.\.\.|…")
TARGET = re.compile(r"(?m)^([a-z][\w-]*):(?!=)")


def faults(text: str, *, is_whole: bool = True) -> list[str]:
    """Say what is wrong with each `sales-kpis` and `make` command of a shell script.

    A command that is not whole, such as prose names, may lack what it needs to run, and have
    a name in capitals in the place of a value.
    """
    found: list[str] = []
    for tokens in commands(text):
        if tokens[0] == "make":
            found += _faults_of_make(tokens[1:])
        elif "sales-kpis" in tokens:
            begin = tokens.index("sales-kpis")
            found += _faults_of_product(tokens[begin + 1 :], is_whole=is_whole)
        found += _faults_of_compose(tokens)
    return found


def commands(text: str) -> Iterator[list[str]]:
    """Give the words of each simple command, without what is assigned before it."""
    line = ""
    for part in text.replace("\\\n", " ").splitlines():
        line = f"{line}\n{part}" if line else part
        try:
            lexer = shlex.shlex(re.sub(r"\d*>&\d", "", line), posix=True, punctuation_chars=True)
            lexer.whitespace_split = True
            tokens = list(lexer)
        except ValueError:
            continue  # inside of quotes that go on
        line = ""
        yield from _simple(tokens)


def _simple(tokens: Sequence[str]) -> Iterator[list[str]]:
    command: list[str] = []
    for token in [*tokens, ";"]:
        if not OPERATOR.fullmatch(token):
            if command or not re.match(r"(\w+=|\$$|export$)", token):
                command.append(token)
            continue
        if command:
            yield command
        # What follows a redirection is a file.
        command = ["<file>"] if token[0] in "<>" else []


def _faults_of_make(tokens: Sequence[str]) -> Iterator[str]:
    targets = TARGET.findall((ROOT / "Makefile").read_text())
    for token in tokens:
        if not token.startswith("-") and "=" not in token and token not in targets:
            yield f"make {token}: there is no such target"


def _faults_of_compose(tokens: Sequence[str]) -> Iterator[str]:
    if list(tokens[:2]) != ["docker", "compose"]:
        return
    for option, file in pairwise(tokens):
        if option in ("-f", "--file") and not (ROOT / file).is_file():
            yield f"docker compose {option} {file}: there is no such file"


def _faults_of_product(tokens: Sequence[str], *, is_whole: bool) -> Iterator[str]:
    command: click.Command = main
    path, rest = "sales-kpis", list(tokens)
    while True:
        context = click.Context(command, info_name=path)
        try:
            options, rest, _ = command.make_parser(context).parse_args(args=rest)
        except click.UsageError as error:
            if is_whole or not isinstance(error, click.BadOptionUsage):
                yield f"{path}: {error.format_message()}"
            return
        if not isinstance(command, click.Group):
            if rest:
                yield f"{path} takes no {' '.join(rest)}"
            yield from _faults_of_values(command, context, options, is_whole=is_whole)
            return
        if not rest or BLANK.search(rest[0]):
            return
        name, *rest = rest
        found = command.get_command(context, name)
        if found is None:
            yield f"{path} {name}: there is no such command"
            return
        command, path = found, f"{path} {name}"


def _faults_of_values(
    command: click.Command, context: click.Context, options: dict[str, object], *, is_whole: bool
) -> Iterator[str]:
    if {"help", "version"} & {name for name, value in options.items() if value}:
        return
    for parameter in command.params:
        value = options.get(parameter.name or "")
        if is_whole and parameter.required and parameter.value_is_missing(value):
            yield f"{context.info_name}: {parameter.name} is missing"
        # Whether a path is there is for the machine to say that runs it.
        if isinstance(value, str) and not isinstance(parameter.type, click.Path):
            if BLANK.search(value) or (value.isupper() and not is_whole):
                continue
            try:
                parameter.type.convert(value, parameter, context)
            except click.UsageError as error:
                yield f"{context.info_name}: {error.format_message()}"
