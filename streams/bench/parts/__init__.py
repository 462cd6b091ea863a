"""The parts of the benchmark: each has a `measure` that adds its figures to the results."""
