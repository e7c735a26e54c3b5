"""What the portal's search finds of this room: techniques, each with its page."""

from django.http import HttpRequest
from django.urls import reverse

from portal.attack.engine import techniques_like
from portal.ui.palette import MAX_RESULTS, Found, Result

MIN_TEXT = 3


def find_techniques(request: HttpRequest, text: str) -> Found:
    """Return the current techniques that an id, old or new, or a part of a name means."""
    if len(text) < MIN_TEXT:
        return Found()
    found = [each for each in techniques_like(text) if each.is_current][:MAX_RESULTS]
    return Found(
        [
            Result(
                f"{each.id} {each.full_name}",
                reverse("attack:technique", args=[each.id]),
                "table",
                detail=" · ".join(each.tactics),
            )
            for each in found
        ]
    )
