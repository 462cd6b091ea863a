"""KPIs with a company's own dimensions among their scopes."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from streams.engine.catalogue.definitions import Carrier, OwnDimension
from streams.engine.catalogue.derived import Derived
from streams.engine.catalogue.kpi import Kpi

Carriers = Mapping[type, Collection[Carrier]]


def with_own_scopes(
    own: Sequence[OwnDimension], carriers: Carriers, kpis: Iterable[Kpi], derived: Iterable[Derived]
) -> tuple[tuple[Kpi, ...], tuple[Derived, ...]]:
    """Give the KPIs with the own dimensions that their facts know; `carriers` by entity.

    A KPI for the whole company alone stays so. A derived one has what all its ingredients have,
    unless it compares values of a dimension or reads other scopes.
    """
    if not own:
        return tuple(kpis), tuple(derived)
    wider = tuple(
        replace(kpi, scopes=(*kpi.scopes, *_known(own, carriers.get(kpi.reads, ()))))
        if kpi.scopes
        else kpi
        for kpi in kpis
    )
    scopes = {kpi.name: kpi.scopes for kpi in wider}
    names = [each.name for each in own]
    return wider, tuple(
        replace(
            kpi,
            scopes=(
                *kpi.scopes,
                *(name for name in names if all(name in scopes[it] for it in _read(kpi))),
            ),
        )
        if kpi.scopes and not (kpi.across or kpi.history or kpi.affects)
        else kpi
        for kpi in derived
    )


def _known(own: Iterable[OwnDimension], carriers: Collection[Carrier]) -> list[str]:
    return [each.name for each in own if each.carrier in carriers]


def _read(kpi: Derived) -> tuple[str, ...]:
    return (*kpi.ingredients, *kpi.targets)
