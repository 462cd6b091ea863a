"""The tables of pipelines in the rules file."""

from pathlib import Path

import pytest

from streams.config.declaration import BadSetting
from streams.config.rules import Rules, read
from streams.config.rules.pipelines import PipelineRules
from streams.config.settings import Settings
from streams.engine.catalogue.definitions import StageTable
from streams.wiring.catalogue import catalogue


def rules(folder: Path, text: str) -> Rules:
    """Read a rules file of this text."""
    file = folder / "rules.toml"
    file.write_text(text)
    return read(file)


def test_pipelines_are_read(tmp_path: Path) -> None:
    text = '[pipelines."new business"]\nstages = ["a", "b"]\nprobability = { a = "0.5", b = 1 }\n'
    assert rules(tmp_path, text).pipelines == {
        "new business": PipelineRules(stages=("a", "b"), probability={"a": "0.5", "b": "1"})
    }


def test_names_are_written_as_events_have_them(tmp_path: Path) -> None:
    text = '[pipelines." O\u0308l "]\nstages = [" u\u0308 "]\nprobability = { " u\u0308" = 0.1 }\n'
    assert rules(tmp_path, text).pipelines == {
        "\u00d6l": PipelineRules(stages=("\u00fc",), probability={"\u00fc": "0.1"})
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[pipelines.x]\nstage = ["a"]', "line 2: pipelines.x.stage is no rule"),
        ('[pipelines.x]\nstages = ["a", "a"]', 'line 2: pipelines.x.stages has "a" twice'),
        ("[pipelines.x]\nstages = []", "line 2: pipelines.x.stages is empty"),
        ("[pipelines.x]\nprobability = { a = 2 }", "pipelines.x.probability.a is 2"),
        ("[pipelines.x]\nprobability = 0.5", "pipelines.x.probability is 0.5; it must be a table"),
        ('[pipelines." "]\nstages = ["a"]', 'pipelines." " has no name'),
        ('[pipelines.x]\n[pipelines." x"]', 'pipelines." x" is there twice'),
        ("[pipelines]\nx = 1", "pipelines.x is 1; it must be a table"),
    ],
)
def test_pipeline_that_cannot_be_is_refused(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(BadSetting) as refused:
        rules(tmp_path, text)
    assert expected in str(refused.value)


def test_pipeline_has_of_the_general_stages_what_it_lacks(tmp_path: Path) -> None:
    text = '[pipelines.x]\nstages = ["b"]\n[pipelines.y]\nprobability = { b = 0.2 }\n'
    settings = Settings(stages=("a", "b"), stage_probability={"a": "0.5"})
    definitions = catalogue(settings, rules(tmp_path, text)).definitions
    assert definitions.stages_of("x") == StageTable(("b",), {"a": "0.5"})
    assert definitions.stages_of("y") == StageTable(("a", "b"), {"b": "0.2"})
    assert definitions.stages_of("z") == StageTable(("a", "b"), {"a": "0.5"})
