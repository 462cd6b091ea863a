"""A rendered page, read as a browser reads it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset(["meta", "link", "input", "br", "rect", "path", "circle"])


@dataclass(eq=False)
class Element:
    """An element with what is in it, in order."""

    tag: str
    attributes: dict[str, str]
    children: list["Element | str"] = field(default_factory=list)

    @property
    def classes(self) -> set[str]:
        """Its classes."""
        return set(self.attributes.get("class", "").split())

    @property
    def text(self) -> str:
        """Its text, blanks collapsed."""
        parts = [each if isinstance(each, str) else each.text for each in self.children]
        return " ".join("".join(parts).split())

    def all(self, tag: str = "", name: str = "") -> Iterator["Element"]:
        """Yield every element below it of a tag and a class; an empty one means any."""
        for child in self.children:
            if isinstance(child, Element):
                if (not tag or child.tag == tag) and (not name or name in child.classes):
                    yield child
                yield from child.all(tag, name)

    def one(self, tag: str = "", name: str = "") -> "Element":
        """Give the one element below it of a tag and a class."""
        [found] = self.all(tag, name)
        return found


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.stack = [Element("", {})]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.stack[-1].children.append(element)
        if tag not in VOID:
            self.stack.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.stack[-1].children.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop().tag == tag, f"</{tag}> closes another element"

    def handle_data(self, data: str) -> None:
        self.stack[-1].children.append(data)


def parse(html: str) -> Element:
    """Read a document; fails where elements do not close in order."""
    reader = _Reader()
    reader.feed(html)
    [root] = reader.stack
    return root
