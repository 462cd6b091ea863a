"""A page of the documents, taken apart: blocks, links, headings, inline code."""

import re
import textwrap
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Directly above a fence: the block is not run, and why.
NOT_RUN = re.compile(r"<!-- not run: (.*?) -->")
REASONS = frozenset(
    (
        "another runtime",
        "needs Docker",
        "needs a cluster",
        "runs until stopped",
        "sets up the machine",
        "takes minutes",
    )
)
FENCE = re.compile(r"^( *)(`{3,}|~{3,})([\w-]*)(.*)$")
HEADING = re.compile(r"(?m)^#{1,6} +(.*?)(?: +#+)?$")
INLINE = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
LINK = re.compile(r"\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
DEFINITION = re.compile(r"(?m)^ {0,3}\[[^\]]+\]: +<?(\S+?)>?\s*$")
ATTRIBUTE = re.compile(r"\b(?:href|src)=\"([^\"]+)\"")
PLACE = re.compile(r"\b(?:id|name)=\"([^\"]+)\"")
PICTURE = re.compile(r"!\[([^\]]*)\]\(")


@dataclass(frozen=True)
class Block:
    """A fenced block; `line` is that of its fence, `reason` why it is not run, if so."""

    language: str
    text: str
    line: int
    reason: str | None


class Page:
    """One Markdown file; lines inside fences are code and nothing else."""

    def __init__(self, text: str, path: Path) -> None:
        """Take the text and where it lies, which relative links begin at."""
        self.path = path
        self.blocks: list[Block] = []
        prose: list[str] = []
        lines = enumerate(text.splitlines(), 1)
        for number, line in lines:
            fence = FENCE.match(line)
            if fence is None:
                prose.append(line)
                continue
            inside: list[str] = []
            for _, code in lines:
                if re.fullmatch(rf" *{re.escape(fence[2][0])}{{{len(fence[2])},}} *", code):
                    break
                inside.append(code)
            above = NOT_RUN.fullmatch(prose[-1].strip()) if prose else None
            code = textwrap.dedent("\n".join(inside)) + "\n"
            self.blocks.append(Block(fence[3], code, number, above and above[1]))
            prose.append("")
        self.prose = "\n".join(prose)

    @property
    def name(self) -> str:
        """The path from the root of the repository."""
        return self.path.relative_to(ROOT).as_posix()

    @cached_property
    def without_code(self) -> str:
        """The prose, with inline code left out."""
        return INLINE.sub("", self.prose)

    @property
    def inline(self) -> list[str]:
        """Every piece of inline code."""
        return [" ".join(code.split()) for _, code in INLINE.findall(self.prose)]

    @property
    def links(self) -> list[str]:
        """The target of every link and picture."""
        # A link's text may be inline code, so that only the code goes, not what surrounds it.
        text = self.without_code
        return [found for form in (LINK, DEFINITION, ATTRIBUTE) for found in form.findall(text)]

    @property
    def pictures(self) -> list[str]:
        """What is said of each picture to those who cannot see it."""
        return PICTURE.findall(self.without_code)

    @cached_property
    def anchors(self) -> set[str]:
        """Everything a link can point at with `#`, as GitHub names headings."""
        found = set(PLACE.findall(self.without_code))
        seen: dict[str, int] = {}
        for heading in HEADING.findall(self.prose):
            slug = slugged(heading)
            number = seen[slug] = seen.get(slug, -1) + 1
            found.add(f"{slug}-{number}" if number else slug)
        return found


def slugged(heading: str) -> str:
    """Give the anchor of a heading."""
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    return re.sub(r"[^\w\- ]", "", text.lower()).strip().replace(" ", "-")


def read(path: Path) -> Page:
    """Read a page."""
    return Page(path.read_text(encoding="utf-8"), path)


def pages() -> list[Page]:
    """Read the README and everything below `docs`."""
    return [read(path) for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))]
