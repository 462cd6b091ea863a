"""Settings as variables: which variable sets which field, and reading them all."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import Field
from types import MappingProxyType
from typing import Any

from streams.config.declaration import PREFIX, BadSetting, declared, from_file, read

FILE = "_FILE"


def name_of(each: "Field[Any]") -> str:
    """Return a setting's name as pages show it: `TOKEN`, `SECRET_<SOURCE>`."""
    family = declared(each).family
    return f"{family}_<SOURCE>" if family else each.name.upper()


def read_all(settings: Iterable["Field[Any]"], environment: Mapping[str, str]) -> dict[str, Any]:
    """Return the values of all variables by field. Raises BadSetting for any mistake."""
    fields = {each.name: each for each in settings}
    values: dict[str, Any] = {}
    members: dict[str, dict[str, object]] = {}
    for variable, written in environment.items():
        if not variable.startswith(PREFIX):
            continue
        name = variable.removeprefix(PREFIX)
        if plain := _named_by_file(name, fields.values()):
            if PREFIX + plain in environment:
                raise BadSetting(f"{variable} and {PREFIX}{plain} are both set")
            name, written = plain, from_file(variable, written)
        each = _field(name, fields)
        if each is None:
            known = ", ".join(sorted(name_of(each).lower() for each in fields.values()))
            raise BadSetting(f"{variable} is no setting; known: {known}")
        value = read(declared(each).kind, variable, written)
        if not (family := declared(each).family):
            values[each.name] = value
        elif written:
            member = name.removeprefix(f"{family}_").lower()
            members.setdefault(each.name, {})[member] = value
    return {**values, **{name: MappingProxyType(found) for name, found in members.items()}}


def complaints(each: "Field[Any]", value: Any) -> Iterator[str]:
    """Yield what is wrong with a setting's value: the variable and the reason."""
    it = declared(each)
    for variable, one in variables(each, value).items():
        if (complaint := it.kind.complaint(one)) is not None:
            shown = "" if it.kind.is_secret else f"={one!r}"
            yield f"{PREFIX}{variable}{shown} {complaint}"


def variables(each: "Field[Any]", value: Any) -> dict[str, Any]:
    """Return what a setting's value is in variables, by their names without the prefix."""
    if family := declared(each).family:
        return {f"{family}_{member.upper()}": one for member, one in value.items()}
    return {each.name.upper(): value}


def _named_by_file(name: str, fields: Iterable["Field[Any]"]) -> str | None:
    """Return the variable whose text is in a file, if `name` says so."""
    plain = name.removesuffix(FILE)
    if plain == name:
        return None
    return plain if any(_sets(each, plain) for each in fields if _is_secret(each)) else None


def _field(name: str, fields: Mapping[str, "Field[Any]"]) -> "Field[Any] | None":
    return next((each for each in fields.values() if _sets(each, name)), None)


def _sets(each: "Field[Any]", name: str) -> bool:
    """Return whether a variable of this name sets a field."""
    if family := declared(each).family:
        return name.startswith(f"{family}_") and name != f"{family}_"
    return name.lower() == each.name


def _is_secret(each: "Field[Any]") -> bool:
    return declared(each).kind.is_secret
