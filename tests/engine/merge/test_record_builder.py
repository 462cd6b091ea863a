"""The record builder's fast path reads the same values as the evaluator."""

from streams.engine.merge.window_context import WindowContext
from tests.engine.merge.test_publication_round import merger_of_all


def test_fast_path_gives_what_the_evaluator_gives() -> None:
    merger = merger_of_all()
    merger.publications()
    builder, evaluator = merger._builder, merger.evaluator
    compared = 0
    for window in merger._windows.all():
        context = WindowContext(window, merger.clock, builder._state, evaluator)
        for scope in [*context.now, "rep=unknown"]:
            for encoder in builder._encoders:
                found = builder._computed_values(context, encoder, scope)
                assert found == evaluator.evaluate(encoder, scope, window)
                compared += found is not None
    assert compared > 1_000
