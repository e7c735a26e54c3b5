"""Why a rule is routine, in words: as a person wrote it, or a cause of the catalogue."""

from functools import cache

from alerts.reviews.engine.causes import all_causes, cause


def reason_in_words(reason: str, language: str = "en") -> str:
    """The reason as a reader takes it. A cause of the catalogue, given by its id or its English
    name, is named in this language; a person's own words stay.
    """
    known = cause(reason) or cause(_ids_by_name().get(reason, ""))
    return known.label(language) if known else reason


@cache
def _ids_by_name() -> dict[str, str]:
    return {each.label("en"): each.id for each in all_causes()}
