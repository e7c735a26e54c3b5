"""Weekly windows that are still being put together: another line's change must not lose them."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.http import QueryDict

from alerts.suppression.web.body import MEMBERS, places_kept, window_parts

type HalfWindows = Mapping[str, HalfWindow]


@dataclass(frozen=True, slots=True)
class HalfWindow:
    """What a line has been told of a window so far."""

    days: tuple[str, ...] = ()
    begins: str = ""
    ends: str = ""
    zone: str = ""


def half_windows(data: QueryDict) -> HalfWindows:
    """The windows that are not whole, by the place of their line after this save."""
    found = {}
    for prefix in MEMBERS:
        for place, at in enumerate(places_kept(data, prefix)):
            days, begins, ends, zone = window_parts(data, at)
            is_whole = bool(days and begins and ends and zone)
            if (days or begins or ends) and not is_whole:
                found[f"{prefix}-{place}"] = HalfWindow(days, begins, ends, zone)
    return found
