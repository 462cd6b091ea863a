"""The environment of child processes: exactly the settings of this one, and everything else."""

import os
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from streams.config.settings import CHURN_WEIGHTS, Settings
from streams.process.environment import environment


def test_children_have_every_setting_but_a_fixed_time() -> None:
    settings = Settings(
        bootstrap="127.0.0.1:1",
        timezone="Asia/Tehran",
        currency="USD",
        week_start=6,
        stage_probability=MappingProxyType({"proposal": "0.4", "negotiation": "0.7"}),
        stages=("proposal", "negotiation"),
        churn_weights=MappingProxyType({**CHURN_WEIGHTS, "contact": 2}),
        now=1,
        token="abcdefghijklmnopqrstuvwx",  # noqa: S106  # opens nothing
        data=Path("elsewhere"),
    )
    assert Settings.from_environment(environment(settings)) == replace(settings, now=None)


def test_children_have_the_rest_of_the_environment() -> None:
    assert environment(Settings())["PATH"] == os.environ["PATH"]
