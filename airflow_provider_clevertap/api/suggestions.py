"""Say in an error message which name may have been meant instead of an unknown one."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches


def suggest(name: object, known: Collection[str]) -> str:
    """Return a sentence with the known name that is most similar, or with all known names if none is similar.

    :param name: the unknown name.
    :param known: the names there are; a sequence is listed in its order, a set in alphabetical order.
    """
    near = get_close_matches(str(name), known, n=1)
    if near:
        return f"Did you mean {near[0]!r}?"
    return f"Known are {', '.join(sorted(known) if isinstance(known, set | frozenset) else known)}."
