"""A viewer: what somebody may see, and nothing about who it is."""

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody who may look at these scopes, as written in keys; None: at everything.

    `sets_targets` says whether targets of these scopes may be set, too.
    """

    scopes: frozenset[str] | None = None
    sets_targets: bool = False

    @property
    def sees_everything(self) -> bool:
        """Whether no scope is hidden, nor what is nobody's."""
        return self.scopes is None

    def may_see(self, scope: str) -> bool:
        """Return whether a scope may be shown and sent; an alert that is nobody's has none."""
        return self.scopes is None or scope in self.scopes

    def may_set_target(self, scope: str) -> bool:
        """Return whether a target of a scope may be set: never of one that may not be seen."""
        return self.sets_targets and self.may_see(scope)

    def seen_of(self, scopes: Collection[str] | None) -> tuple[str, ...] | None:
        """Narrow scopes down to those that may be seen; None stands for all there are."""
        if scopes is None:
            return None if self.scopes is None else tuple(sorted(self.scopes))
        return tuple(scope for scope in dict.fromkeys(scopes) if self.may_see(scope))


EVERYTHING = Viewer()
# Whoever looks where there are no rules.
UNLIMITED = Viewer(sets_targets=True)
