"""Which names have gauges where there are more than may have them: the largest."""

from collections.abc import Collection, Mapping


def largest(sizes: Mapping[str, float], limit: int, before: Collection[str]) -> set[str]:
    """Return the `limit` names of the largest sizes; of equal ones, the first by name.

    A name of `before`, which are at most `limit`, stays until it is smaller than a tenth more
    than `limit`: names of about the same size must not replace each other with every change.
    """
    if len(sizes) <= limit:
        return set(sizes)
    ranked = sorted(sizes, key=lambda name: (-sizes[name], name))
    chosen = [name for name in ranked[: limit + max(1, limit // 10)] if name in before][:limit]
    found = set(chosen)
    for name in ranked:
        if len(found) == limit:
            break
        found.add(name)
    return found
