"""The language that a person chose, where Django looks for it."""

from django.conf import settings
from django.http import HttpResponse

A_YEAR = 365 * 24 * 3600


def remember_language(response: HttpResponse, language: str) -> HttpResponse:
    """Have the browser keep the language; where none was chosen it keeps what it has."""
    if language:
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            language,
            max_age=A_YEAR,
            samesite="Lax",
            secure=settings.LANGUAGE_COOKIE_SECURE,
        )
    return response
