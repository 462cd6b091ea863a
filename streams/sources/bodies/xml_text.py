"""XML without document types and entities, as objects named after the elements."""

from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from streams.sources.bodies.forms import VALUE
from streams.sources.bodies.grouping import grouped
from streams.sources.bodies.limits import XML_ELEMENTS, XML_LEVELS, BadBody

_INSTANCE = "{http://www.w3.org/2001/XMLSchema-instance}"


def parsed(body: bytes) -> dict[str, Any]:
    """Read an XML text: elements and attributes (`@name`) without their namespaces.

    Repeated elements are a list; `xsi:nil` is null; the text beside attributes is under
    VALUE. Raises BadBody.
    """
    if body.count(b"<") > 2 * XML_ELEMENTS:
        raise BadBody(f"more than {XML_ELEMENTS:,} elements")
    try:
        root = fromstring(body, forbid_dtd=True)
    except DefusedXmlException as error:
        raise BadBody("XML with a document type or entities, which are refused") from error
    except (ParseError, ValueError, LookupError) as error:
        raise BadBody(f"not XML: {error}") from error
    return {_local(root.tag): _value(root, 1)}


def _value(element: Element, level: int) -> Any:
    if level > XML_LEVELS:
        raise BadBody(f"XML nested deeper than {XML_LEVELS}")
    if element.get(f"{_INSTANCE}nil") in ("true", "1"):
        return None
    found: dict[str, Any] = {}
    for name, text in element.attrib.items():
        # The prefix of a type's name is the sender's choice.
        is_type = name == f"{_INSTANCE}type"
        found[f"@{_local(name)}"] = text.rpartition(":")[2] if is_type else text
    if not len(element):
        text = element.text or ""
        return {**found, VALUE: text} if found.keys() - {"@type"} else text
    return found | grouped((_local(inner.tag), _value(inner, level + 1)) for inner in element)


def _local(name: str) -> str:
    return name.rpartition("}")[2]
