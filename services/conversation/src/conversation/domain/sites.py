"""On which web pages a hotel's widget may run, and in which of its languages it begins. Pure."""

from collections.abc import Sequence


def is_allowed(origin: str | None, allowed: Sequence[str]) -> bool:
    """Whether a page of that origin may call for the hotel.

    A hotel that names no site allows any. Callers without an Origin header are no pages of other sites: browsers send
    it with every call to another origin (Fetch, 3.1), and whoever is no browser could send what they like.
    """
    return origin is None or not allowed or origin in allowed


def spoken(wanted: str | None, languages: Sequence[str], default: str) -> str:
    """The hotel's language for a guest who wants that one (BCP 47): the same, else its main language, else the hotel's."""
    if wanted is None:
        return default
    by_tag = {language.lower(): language for language in languages}
    main = wanted.lower().split("-")[0]
    return by_tag.get(wanted.lower()) or by_tag.get(main) or default
