"""Names that are joined are told apart again, whatever is in them."""

from hypothesis import given
from hypothesis import strategies as st

from streams.events.labels import join_names, split_names


@given(st.lists(st.text(alphabet="a/%2F5"), min_size=1, max_size=3))
def test_joined_names_are_split_into_what_they_were(names: list[str]) -> None:
    assert split_names(join_names(*names)) == names


def test_names_with_slashes_are_whole() -> None:
    assert join_names("a/b", "c%d") == "a%2Fb/c%25d"
    assert split_names("a%2Fb/c%25d") == ["a/b", "c%d"]
