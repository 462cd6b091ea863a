"""The layout's rules: sizes of folders, modules and functions, and the words that are retired."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
CODE = sorted((ROOT / "streams").rglob("*.py"))
ALL = [*CODE, *sorted((ROOT / "tests").rglob("*.py"))]
MODULE_LINES, FUNCTION_LINES = 300, 45
FOLDER_MODULES, KIND_MODULES = 12, 20
# Folders in which each file is one of a kind.
KINDS = {
    "streams/cli": "a command each",
    "streams/kpis": "a question each",
    "streams/operations": "an operation each",
    "streams/config/rules": "a part of the rules file each",
    "tests/kpis": "the examples of a question each",
    "tests/oracle/entities": "an entity each",
    "tests/oracle/tests": "a part of the oracle each",
    "tests/engine": "a part of the engine each",
    "tests/chaos": "a part of the harness each",
    "tests/histories": "a kind of history each",
    "tests/laws": "a law each",
    "tests/model": "a part of the model each",
    "tests/gateway": "a part of the gateway each",
    "tests/worker": "a part of the worker each",
    "tests/tasks": "a part of the tasks each",
}
# Private words that have given way to the field's terms: docs/explain/glossary.md.
RETIRED = frozenset(
    [
        "amid",
        "anew",
        "deaf",
        "fate",
        "fates",
        "gathers",
        "hear",
        "heard",
        "hears",
        "leisure",
        "nobody",
        "passage",
        "put",
        "puts",
        "rhythm",
        "said",
        "say",
        "saying",
        "says",
        "speak",
        "speakers",
        "survivor",
        "take",
        "taken",
        "takes",
        "taking",
        "tell",
        "tells",
        "tenure",
        "tenures",
        "told",
        "untold",
        "word",
        "words",
    ]
)
PARTS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def words(name: str) -> set[str]:
    """Split an identifier into its words, in small letters."""
    return {part.lower() for part in PARTS.findall(name)}


def identifiers(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Give every name that a module defines or binds, with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.attr
        elif isinstance(node, ast.alias) and node.asname:
            yield node.lineno, node.asname


def test_no_identifier_has_a_retired_word() -> None:
    assert not [
        f"{relative(path)}:{line} {name}"
        for path in CODE
        for line, name in identifiers(ast.parse(path.read_text()))
        if words(name) & RETIRED
    ]


def test_no_module_has_a_retired_word() -> None:
    assert not [relative(path) for path in ALL if words(path.stem) & RETIRED]


def test_retired_word_is_seen_in_any_kind_of_name() -> None:
    program = "class Fates:\n    def take(self, told): self.untold = anew = 1"
    found = {name for _, name in identifiers(ast.parse(program)) if words(name) & RETIRED}
    assert found == {"Fates", "take", "told", "untold", "anew"}


def test_folders_are_small() -> None:
    count = Counter(
        relative(path.parent) for path in ALL if path.name not in ("__init__.py", "__main__.py")
    )
    most = {folder: KIND_MODULES if folder in KINDS else FOLDER_MODULES for folder in count}
    assert not {folder: n for folder, n in count.items() if n > most[folder]}


def test_modules_are_short() -> None:
    lines = {relative(path): len(path.read_text().splitlines()) for path in ALL}
    assert not {path: n for path, n in lines.items() if n > MODULE_LINES}


def test_functions_are_short() -> None:
    found = {
        f"{relative(path)}:{node.lineno} {node.name}": node.end_lineno - node.lineno + 1
        for path in ALL
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None
    }
    assert not {name: n for name, n in found.items() if n > FUNCTION_LINES}
