"""Execution contexts of Dataverse, as it sends them."""

from datetime import datetime
from itertools import count
from typing import Any

from streams.sources.delivery import Delivery
from tests.sources.stories.crm.stories import at, ms
from tests.sources.translated import delivery

operations = count(1)
TYPES = "http://schemas.microsoft.com/xrm/2011/Contracts"


def guid(number: int) -> str:
    """An id as Dataverse has them."""
    return f"00000000-0000-4000-8000-{number:012}"


LEAD, OTHER, PERSON, ANN, EUR = (guid(number) for number in (7, 8, 9, 11, 978))
WON, LOST, GONE = (guid(number) for number in (55, 56, 57))


def ticks(moment: datetime, zone: str = "") -> str:
    """A time as the serializer writes it; the zone changes nothing."""
    return f"/Date({ms(moment)}{zone})/"


def money(text: str) -> dict[str, Any]:
    """Money, whose number must keep its digits."""
    return {"__type": f"Money:{TYPES}", "Value": float(text)}


def option(value: int) -> dict[str, Any]:
    """A choice, by its number."""
    return {"__type": f"OptionSetValue:{TYPES}", "Value": value}


def reference(entity: str, number: str) -> dict[str, Any]:
    """A reference to another record."""
    named: dict[str, Any] = {"Id": number, "LogicalName": entity, "Name": None}
    return {"__type": f"EntityReference:{TYPES}", **named}


def pairs(fields: dict[str, Any]) -> list[dict[str, Any]]:
    """Fields as lists of keys and values."""
    return [{"key": key, "value": value} for key, value in fields.items()]


def entity(name: str, number: str, fields: dict[str, Any]) -> dict[str, Any]:
    """A record with some of its fields."""
    return {
        "__type": f"Entity:{TYPES}",
        "LogicalName": name,
        "Id": number,
        "Attributes": pairs(fields),
        "FormattedValues": [],
        "RelatedEntities": [],
    }


def context(
    message: str,
    name: str,
    number: str,
    moment: datetime,
    given: dict[str, Any],
    image: dict[str, Any] | None = None,
) -> Delivery:
    """One execution of a step."""
    images = pairs({"AsynchronousStepPrimaryName": entity(name, number, image)}) if image else []
    return delivery(
        "dynamics365",
        {
            "MessageName": message,
            "PrimaryEntityName": name,
            "PrimaryEntityId": number,
            "InputParameters": pairs(given),
            "OutputParameters": [],
            "PreEntityImages": [],
            "PostEntityImages": images,
            "OperationId": guid(next(operations)),
            "CorrelationId": guid(0),
            "OrganizationId": guid(31),
            "OperationCreatedOn": ticks(moment, "+0000"),
            "Depth": 1,
            "Stage": 40,
            "Mode": 1,
        },
    )


def change(message: str, name: str, number: str, moment: datetime, **fields: Any) -> Delivery:
    """A record that is created or updated."""
    dated = {**fields, "modifiedon": ticks(moment, "-0700")}
    return context(message, name, number, moment, {"Target": entity(name, number, dated)})


def deal(
    message: str, number: str, moment: datetime, stage: str, amount: str, **fields: Any
) -> Delivery:
    """An opportunity that is created or updated."""
    common = {"stepname": stage, "estimatedvalue": money(amount)}
    if message == "Create":
        common |= {
            "ownerid": reference("systemuser", ANN),
            "estimatedclosedate": ticks(at(20)),
            "statecode": option(0),
        }
    return change(message, "opportunity", number, moment, **common, **fields)


def closed(message: str, number: str, moment: datetime, status: int, revenue: str) -> Delivery:
    """An opportunity that is won or lost."""
    fields = {"opportunityid": reference("opportunity", number), "actualrevenue": money(revenue)}
    closing = entity("opportunityclose", guid(next(operations)), fields)
    given = {"OpportunityClose": closing, "Status": option(status)}
    return context(message, "opportunity", number, moment, given)


def done(name: str, number: int, moment: datetime, **fields: Any) -> Delivery:
    """An activity that is completed, with an image of all of it."""
    image = {
        "statecode": option(1),
        "ownerid": reference("systemuser", ANN),
        "regardingobjectid": reference("lead", LEAD),
        "directioncode": True,
        "actualend": ticks(moment),
        **fields,
    }
    given = {"Target": entity(name, guid(number), {"statecode": option(1)})}
    return context("Update", name, guid(number), moment, given, image)
