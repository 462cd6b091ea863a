"""All sources: the mapping files of the package, and those of a folder laid over them."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec

from streams.config.declaration import BadSetting
from streams.config.rules.table import Table
from streams.sources.api import Api
from streams.sources.api import parse as parse_api
from streams.sources.auth import (
    DeliveryRules,
    Handshake,
    Recipe,
    delivery_rules,
    read_handshakes,
    recipe,
)
from streams.sources.auth.recipe import SHORTEST
from streams.sources.exports.layout import file_layout
from streams.sources.layouts import layout
from streams.sources.mapping.compile_converters import texts
from streams.sources.mapping.compile_field import Setting
from streams.sources.mapping.compile_rule import rules
from streams.sources.source import Source
from streams.sources.written import Entry, Misplaced, Written, laid_over, read

T = TypeVar("T")
SHIPPED = Path(__file__).parent / "files"
FILES = "*.toml"
# What an address can hold without escapes.
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
SECTIONS = (
    *("source", "title", "base", "auth", "handshake", "delivery", "body", "defaults"),
    *("like", "event", "table", "api", "file"),
)
VERSION_DIGITS = 12


class Loaded(NamedTuple):
    """One mapping file with what it gives; without a source if it names none."""

    written: Written
    source: Source | None
    problems: tuple[str, ...]


class Sources(Mapping[str, Source]):
    """All sources by name; one of the package is compiled when it is first asked for.

    A process needs a few of them, and compiling all takes half a second of its start.
    `own` are laid over those of the package, or stand beside them.
    """

    def __init__(self, package: Path, own: Mapping[str, Source]) -> None:
        self._package, self._own = package, own
        self._names = dict.fromkeys(sorted({*own, *(path.stem for path in package.glob(FILES))}))

    def __getitem__(self, name: str) -> Source:
        """Return a source. Raises BadSetting for a file of the package with a mistake."""
        if name not in self._names:
            raise KeyError(name)
        if name in self._own:
            return self._own[name]
        loaded = _shipped(self._package / f"{name}.toml")
        if loaded.source is None or loaded.problems:
            raise BadSetting("\n".join(loaded.problems))
        return loaded.source

    def __contains__(self, name: object) -> bool:
        """Whether there is such a source, which is not compiled for that."""
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        """Give the names in their order."""
        return iter(self._names)

    def __len__(self) -> int:
        """Number of sources."""
        return len(self._names)


def sources(folder: Path | None = None) -> Sources:
    """Find all sources. Raises BadSetting with every mistake of every file of the folder.

    A file of the folder is laid over the shipped one of the same source; with `base = false`
    it stands alone.
    """
    own: dict[str, Source] = {}
    problems: list[str] = []
    for written in [] if folder is None else _own(folder, problems):
        loaded = _laid_over(written)
        problems += loaded.problems
        if loaded.source is not None:
            own[loaded.source.name] = loaded.source
    if problems:
        raise BadSetting("\n".join(problems))
    return Sources(SHIPPED, own)


@cache
def _shipped(path: Path) -> Loaded:
    """Load a file of the package, which does not change while a process runs."""
    problems: list[str] = []
    for written in _files([path], problems):
        loaded = _loaded(written)
        return loaded._replace(problems=(*problems, *loaded.problems))
    return Loaded(Written({}, {}), None, tuple(problems))


def _own(folder: Path, problems: list[str]) -> list[Written]:
    if not folder.is_dir():
        raise BadSetting(f"SALES_KPIS_SOURCES={folder}: no such folder; name one or unset it")
    return [*_files(folder.glob(FILES), problems)]


def _laid_over(own: Written) -> Loaded:
    base = SHIPPED / f"{own.values['source']}.toml"
    if own.values.get("base") is False or not base.exists():
        return _loaded(own)
    return _loaded(laid_over(_shipped(base).written, own))


def _loaded(written: Written) -> Loaded:
    source = compiled(written)
    return Loaded(written, source, tuple(each.text for each in sorted(written.mistakes)))


def compiled(written: Written) -> Source | None:
    """Compile a mapping file; its mistakes are noted in it, and make the result useless."""
    top = written.top()
    top.known(SECTIONS, "section")
    defaults = texts(top.inner("defaults")) if "defaults" in written.values else {}
    tables = {name: texts(each) for name, each in _tables(top, "table")}
    likes = {name: each for name, each in _tables(top, "like") if isinstance(each.value, dict)}
    setting = Setting(defaults, tables)
    events = rules(top.inner("event"), likes, setting) if "event" in written.values else ()
    body = layout(top.inner("body")) if "body" in written.values else layout(None)
    files = {
        kind: found
        for kind, each in _tables(top, "file")
        if (found := file_layout(kind, each, likes, setting)) is not None
    }
    name = top.inner("source").text() if "source" in written.values else None
    title = top.inner("title").text() if "title" in written.values else name
    if name is None:
        return None
    api = _section(written, "api", lambda top: parse_api(top.table("api")))
    if api is not None and "event" in written.values:
        _check_reads(top.inner("event"), api)
    version = sha256(msgspec.json.encode(written.values, order="sorted")).hexdigest()
    return Source(
        name=name,
        title=title or name,
        recipe=_section(written, "auth", _recipe) or Recipe((), (), SHORTEST),
        handshakes=_section(written, "handshake", _handshakes) or (),
        delivery=_section(written, "delivery", _rules) or _rules(written.table()),
        body=body,
        events=events,
        tables=tables,
        defaults=defaults,
        api=api,
        files=files,
        digest=version[:VERSION_DIGITS],
    )


def _check_reads(events: Entry, api: Api) -> None:
    """Note each rule that reads a kind of record of which [api] does not say how."""
    for _, event in events.entries():
        if isinstance(event.value, dict) and "read" in event.value:
            event.inner("read").option(api.reads, "kind of record")


def _recipe(top: Table) -> Recipe:
    return recipe(top.table("auth"))


def _handshakes(top: Table) -> tuple[Handshake, ...]:
    return read_handshakes(top.tables("handshake"))


def _rules(top: Table) -> DeliveryRules:
    return delivery_rules(top.table("delivery"))


def _section(written: Written, name: str, parse: Callable[[Table], T]) -> T | None:
    """Read a section; a mistake is noted. None where there is none."""
    if name not in written.values:
        return None
    try:
        return parse(written.table(name))
    except Misplaced as error:
        written.mistakes.append(error.mistake)
        return None


def _tables(top: Entry, section: str) -> Iterator[tuple[str, Entry]]:
    """Give the tables of a section: [table.status] is one of `table`."""
    if section not in top.value:
        return
    entry = top.inner(section)
    if not isinstance(entry.value, dict):
        entry.wrong_key(f"must hold tables: write [{section}.<name>] above the keys of each")
        return
    yield from entry.entries()


def _files(paths: Iterable[Path], problems: list[str]) -> Iterator[Written]:
    """Read the files whose source is named as the file is."""
    for path in sorted(paths):
        try:
            written = read(path.read_bytes().decode("utf-8"), path.name)
        except BadSetting as error:
            problems.append(str(error))
            continue
        except (OSError, UnicodeDecodeError) as error:
            problems.append(f"{path.name}: cannot be read: {error}")
            continue
        if _is_named(written, path.stem):
            yield written
        problems += [mistake.text for mistake in written.mistakes]
        written.mistakes.clear()


def _is_named(written: Written, stem: str) -> bool:
    top = written.top()
    name = written.values.get("source")
    if name is None:
        written.add((), f'has no source: write source = "{stem}" at the top', of_key=True)
    elif name != stem:
        top.inner("source").wrong(f"is {name}, and the file is named {stem}.toml")
    elif not NAME.fullmatch(stem):
        top.inner("source").wrong("must consist of small letters, digits and -")
    return name == stem and NAME.fullmatch(stem) is not None
