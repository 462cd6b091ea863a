"""Live tokens are removed from bodies, and all else stays as it came."""

import pytest

from streams.sources import auth


@pytest.mark.parametrize(
    ("body", "paths", "stripped"),
    [
        (
            b'{"token":"a","id":12345678901234567890.10}',
            ["token"],
            b'{"id":12345678901234567890.10}',
        ),
        (b'{"a":{"b":1,"c":2},"d":3}', ["a.b"], b'{"a":{"c":2},"d":3}'),
        (b'{"a":{"b":1},"d":3}', ["a", "a.b"], b'{"d":3}'),
        (b'{"a":"text"}', ["a.b"], b'{"a":"text"}'),
        (b'[{"token":1,"b":2},3]', ["token"], b'[{"b":2},3]'),
        (b' { "b" : 1.00 }', ["token"], b' { "b" : 1.00 }'),
        (b"a=1&token=2&b=%2B", ["token"], b"a=1&b=%2B"),
        (b"auth[x]=1&auth%5By%5D=2&authority=3&auth=4", ["auth"], b"authority=3"),
        (b"auth[x]=1&auth[y]=2", ["auth.x"], b"auth[y]=2"),
        (b"%61uth[x]=1&a=2", ["auth"], b"a=2"),
        (b"<a/>", ["token"], b"<a/>"),
        (b"", ["token"], b""),
        (b"a=1", [], b"a=1"),
    ],
)
def test_token_is_removed_and_the_rest_keeps_its_bytes(
    body: bytes, paths: list[str], stripped: bytes
) -> None:
    assert auth.strip(body, tuple(paths)) == stripped


def test_body_that_is_no_json_is_not_kept_with_its_token() -> None:
    with pytest.raises(ValueError, match="truncated"):
        auth.strip(b'{"token":"a"', ("token",))
