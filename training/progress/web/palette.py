"""What the portal's search finds of lessons."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext

from portal.ui.palette import MAX_RESULTS, Found, Result
from portal.ui.words import number
from training.catalog.queries import lessons_like


def find_lessons(request: HttpRequest, text: str) -> Found:
    """Return the lessons whose title or alert types have these words, or about this technique."""
    if not text.strip():
        return Found()
    return Found(
        [
            Result(
                lesson.title,
                reverse("training:lesson", args=[lesson.module.slug, lesson.slug]),
                "book-open",
                detail=gettext("%(minutes)s min") % {"minutes": number(lesson.minutes)},
            )
            for lesson in lessons_like(text)[:MAX_RESULTS]
        ]
    )
