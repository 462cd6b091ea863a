"""Which names have gauges where there are too many."""

from streams.output.prometheus.selection import largest

SIZES = {name: float(size) for name, size in zip("abcdef", (1, 6, 2, 5, 3, 4), strict=True)}


def test_the_largest_are_chosen() -> None:
    assert largest(SIZES, 3, ()) == {"b", "d", "f"}


def test_all_are_chosen_where_there_are_few() -> None:
    assert largest(SIZES, 6, ()) == set(SIZES)


def test_of_equal_ones_the_first_by_name_are_chosen() -> None:
    assert largest(dict.fromkeys("dcba", 1.0), 2, ()) == {"a", "b"}


def test_one_that_is_shown_stays_while_it_is_just_behind() -> None:
    # The fourth of three, which the tenth more allows; the fifth is too small.
    assert largest(SIZES, 3, {"e"}) == {"b", "d", "e"}
    assert largest(SIZES, 3, {"c"}) == {"b", "d", "f"}


def test_two_of_about_the_same_size_do_not_replace_each_other() -> None:
    sizes = {f"n{number:02}": 100.0 - number for number in range(20)}
    shown = largest(sizes, 10, ())
    for swap in range(6):
        sizes["n09"], sizes["n10"] = (80.0, 81.0) if swap % 2 else (81.0, 80.0)
        for number in range(11, 20):
            sizes[f"n{number:02}"] = 1.0
        assert largest(sizes, 10, shown) == shown


def test_there_are_never_more_than_the_limit() -> None:
    assert largest(SIZES, 3, set("bdf")) == {"b", "d", "f"}
    assert len(largest(SIZES, 3, set("dfe"))) == 3
