"""What each part of a benchmark is given."""

from collections.abc import Mapping
from dataclasses import dataclass

from streams.bench.installation import Installation
from streams.bench.options import Options
from streams.bench.results import Quantity, Results
from streams.bench.steps import Steps


@dataclass(frozen=True)
class Bench:
    """A benchmark that is being run.

    Attributes:
        installation: One for all parts; each renews it.
    """

    options: Options
    installation: Installation
    steps: Steps
    results: Results

    def add(self, part: str, case: str, values: Mapping[Quantity, float]) -> None:
        """Add one measurement, unless its part was not asked for, and show it."""
        if part in self.options.parts:
            self.results.add(part, case, values)
            self.steps.measured(part, case, values)
