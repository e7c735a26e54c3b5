"""Forms of a person's own settings."""

from django import forms
from django.conf import settings

from portal.accounts.models import User


class PreferencesForm(forms.Form):
    """Choices; a form sends only those that change."""

    time_display = forms.ChoiceField(choices=User.TimeDisplay.choices, required=False)
    language = forms.ChoiceField(choices=settings.LANGUAGES, required=False)
    keys_on = forms.BooleanField(required=False)
