"""What an expression reads: the plain paths in it."""

import jmespath

from streams.sources.paths import Node, Path, at, chain


def names_in(text: str) -> list[tuple[str, Path]]:
    """Give the plain paths in a valid expression, each once, with its function."""
    found: dict[tuple[str, ...], None] = {}
    _collect(jmespath.compile(text).parsed, found)
    return [(".".join(names), at(names)) for names in found]


def _collect(node: Node, found: dict[tuple[str, ...], None]) -> None:
    names = chain(node)
    if names is not None:
        found[names] = None
        return
    for child in node["children"]:
        if child:
            _collect(child, found)
