"""The shape of a KPI's entry on `sales.catalogue`."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

Lines = Annotated[str, Meta(description="plain text; blank lines part paragraphs")]


class CatalogueEntry(Struct, omit_defaults=True):
    """What there is to know of a KPI. The record under the key `settings` is none of these."""

    kpi: str
    kind: Annotated[str, Meta(description="which parts its records have")]
    measure: str
    unit: Annotated[str, Meta(description="that of its records")]
    better: Literal["higher", "lower"]
    scopes: Annotated[list[str], Meta(description="`all`, and the dimensions it is told apart by")]
    hourly: Annotated[bool, Meta(description="whether it has windows `hour`, too")]
    percentiles: Annotated[list[str], Meta(description="those that its records carry")]
    question: Annotated[str, Meta(description="what it helps to answer")]
    formula: Annotated[str, Meta(description="how it is computed, in one line")]
    source: Annotated[
        str,
        Meta(description="where the definition is from: a trade's term, a study, the contract"),
    ]
    text: Lines
    depends_on: Annotated[
        list[str],
        Meta(
            description="the settings that its numbers depend on: paths into the record `settings`,"
            " such as `rules.definitions.business`"
        ),
    ]
    ingredients: Annotated[
        list[str] | UnsetType, Meta(description="the KPIs that a derived one is made of")
    ] = UNSET
