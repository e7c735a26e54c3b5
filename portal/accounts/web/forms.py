"""Sign-in, and forms of a person's own settings."""

from django import forms
from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm
from django.utils.translation import gettext_lazy

from portal.accounts.models import User


class SignInForm(AuthenticationForm):
    """E-mail address and password. Which of the two is wrong, nobody is told."""

    error_messages = {
        **AuthenticationForm.error_messages,
        "invalid_login": gettext_lazy(
            "E-mail address and password do not fit together. Enter the correct ones; "
            "in the password, capital letters count."
        ),
    }


class PreferencesForm(forms.Form):
    """Choices; a form sends only those that change."""

    time_display = forms.ChoiceField(choices=User.TimeDisplay.choices, required=False)
    language = forms.ChoiceField(choices=settings.LANGUAGES, required=False)
    keys_on = forms.BooleanField(required=False)
