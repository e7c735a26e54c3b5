"""What so few verdicts prove: when they are little evidence, and the limit in words."""

from typing import Final

from alerts.incidents.engine.confidence_limits import upper_share
from alerts.rules.sentence import Sentence

MIN_JUDGED: Final = 3  # fewer are little evidence, and their limit is too high to be named
MIN_JUDGED_STRICT: Final = 10  # the same where S1 asks for hours: time-boxed types, High severity


def is_little(judged: int, *, is_strict: bool) -> bool:
    """Whether so few trials are little evidence: then the SOC's signer must write why it is enough.

    `is_strict`: of a rule that `guards.never.is_strict` names, or of a strict pattern.
    """
    return judged < (MIN_JUDGED_STRICT if is_strict else MIN_JUDGED)


def bound_words(suspicious: int, judged: int, *, is_strict: bool) -> Sentence:
    """Return what the verdicts prove, from the good side: `27 of 27 harmless, so at least …`.

    Harmless is routine and maintenance. Below `MIN_JUDGED` no limit is named.
    """
    if judged <= 0:
        return Sentence("bound.none")
    code = _bound_code(suspicious, judged, is_strict=is_strict)
    share = f"{(1 - upper_share(suspicious, judged)) * 100:.1f} %"
    return Sentence(code, harmless=judged - suspicious, judged=judged, share=share)


def _bound_code(suspicious: int, judged: int, *, is_strict: bool) -> str:
    if judged < MIN_JUDGED:
        return "bound.too_little"
    if suspicious >= judged:
        return "bound.all_suspicious"
    return "bound.little" if is_little(judged, is_strict=is_strict) else "bound.some"
