"""The tables `[pipelines.<name>]`: the stages of each pipeline, and how surely each is won."""

from collections.abc import Mapping
from dataclasses import dataclass

from streams.config.rules.table import Table
from streams.events.labels import label_of


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineRules:
    """One pipeline's stages, earliest first, and probabilities by stage.

    What is None is as for all other pipelines.
    """

    stages: tuple[str, ...] | None = None
    probability: Mapping[str, str] | None = None


def parse(table: Table) -> dict[str, PipelineRules]:
    """Read the table of tables. Raises BadSetting for an invalid rule."""
    found: dict[str, PipelineRules] = {}
    for name in table.names():
        known = label_of(name)
        if not known:
            table.reject(name, "has no name", "name the pipeline as events do")
        if known in found:
            table.reject(name, "is there twice", "leave one out")
        found[known] = _pipeline(table.table(name))
    table.finish()
    return found


def _pipeline(table: Table) -> PipelineRules:
    rules = PipelineRules(
        stages=_stages(table) if table.has("stages") else None,
        probability=_probability(table.table("probability")) if table.has("probability") else None,
    )
    table.finish()
    return rules


def _stages(table: Table) -> tuple[str, ...]:
    found = tuple(label_of(stage) for stage in table.options("stages"))
    if not found:
        table.reject("stages", "is empty", "name them, or leave the key out")
    if len(set(found)) < len(found):
        table.reject("stages", "names a stage twice", "leave one out")
    return found


def _probability(table: Table) -> dict[str, str]:
    found = {label_of(stage): table.share(stage) for stage in table.names()}
    table.finish()
    return found
