"""What a view shows, as its address says: the same address shows the same thing."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from urllib.parse import quote, urlencode

from streams.languages import LANGUAGES
from streams.output.keys import ALL
from streams.page.refusals import bad_field
from streams.page.selection import Parameters, check_window, day_or_instant, one, scopes_of

# The views by the first part of their path.
ALERTS = "alerts"
VIEWS = ("today", "pipeline", "people", "marketing", "money", ALERTS)
DEFAULT_WINDOW = "month"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One address of the page.

    Attributes:
        view: One of VIEWS.
        rep: Whose page it is, of `/people/rep/<name>`; None otherwise.
        scope: As in keys, `all`, `rep=ann`.
        as_of: The day whose end is looked at; None for now.
        language: One of LANGUAGES.
        is_tv: Whether it hangs on a wall.
        sort: The KPI by which tables are sorted, with `-` before it from the largest down.
        is_ranked: Whether tables say who is first.
    """

    view: str = "today"
    rep: str | None = None
    scope: str = ALL
    window: str = DEFAULT_WINDOW
    as_of: date | None = None
    language: str = "en"
    is_tv: bool = False
    sort: str = ""
    is_ranked: bool = False

    def address(self, view: str = "", rep: str | None = None, **changes: Any) -> str:
        """Give the address of a page with the same choices, but for `changes`.

        Without `view` or `rep` it is the same page. Defaults are left out, but for the language:
        a link shows others what its sender saw.
        """
        other = replace(self, **changes)
        is_same = not view and rep is None
        # The rep of a rep's page is no choice for other pages, and no table is sorted as another.
        is_own_scope = self.rep is not None and other.scope == f"rep={self.rep}"
        chosen = {
            "scope": "" if other.scope == ALL or is_own_scope else other.scope,
            "window": "" if other.window == DEFAULT_WINDOW else other.window,
            "as_of": other.as_of.isoformat() if other.as_of else "",
            "lang": other.language,
            "tv": "1" if other.is_tv else "",
            "sort": other.sort if is_same else "",
            "ranked": "1" if other.is_ranked and is_same else "",
        }
        query = urlencode({name: value for name, value in chosen.items() if value})
        of_rep = self.rep if is_same else rep
        path = f"people/rep/{quote(of_rep, safe='')}" if of_rep is not None else view or self.view
        return f"/{path}?{query}"


PARAMETERS = ("scope", "window", "as_of", "lang", "tv", "sort", "ranked")


def choice(
    view: str, query: Parameters, *, rep: str | None = None, scope: str, accepted: str = ""
) -> Choice:
    """Read the parameters of a view; `scope` is the one without a choice.

    `accepted` is the browser's header `Accept-Language`. Refuses a value that cannot be meant,
    naming its field; parameters that a view does not know are left alone.
    """
    scopes = scopes_of(query) or (scope,)
    if len(scopes) > 1:
        raise bad_field("scope", "is given more than once")
    as_of = one(query, "as_of") or None
    day = None if as_of is None else day_or_instant("as_of", as_of)
    if day is not None and type(day) is not date:
        raise bad_field("as_of", "a view is as of a day: write 2026-03-02")
    return Choice(
        view=view,
        rep=rep,
        scope=scopes[0],
        window=check_window(one(query, "window") or DEFAULT_WINDOW),
        as_of=day,
        language=language_of(query, accepted),
        is_tv=one(query, "tv", "0") not in ("", "0"),
        sort=one(query, "sort") or "",
        is_ranked=one(query, "ranked", "0") not in ("", "0"),
    )


def language_of(query: Parameters, accepted: str = "") -> str:
    """Give the language that `lang` chooses, else the first accepted one that there is."""
    chosen = one(query, "lang")
    if chosen:
        if chosen not in LANGUAGES:
            known = ", ".join(LANGUAGES)
            raise bad_field("lang", f"there is no language {chosen[:20]!r}; known: {known}")
        return chosen
    for part in accepted.split(","):
        name = part.partition(";")[0].strip().lower().partition("-")[0]
        if name in LANGUAGES:
            return name
    return LANGUAGES[0]
