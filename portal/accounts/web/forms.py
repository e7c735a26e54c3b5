"""Sign-in, and forms of a person's own settings."""

from django import forms
from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm
from django.utils.translation import gettext_lazy

from portal.accounts.models import TokenScope, User
from portal.accounts.services.attempts import MAX_PASSWORD
from portal.accounts.services.tokens import DEFAULT_DAYS, MAX_DAYS


class SignInForm(AuthenticationForm):
    """E-mail address and password. The error never names which is wrong."""

    error_messages = {
        **AuthenticationForm.error_messages,
        "invalid_login": gettext_lazy(
            "E-mail address and password do not match. Check both; the password is case-sensitive."
        ),
    }
    password = forms.CharField(strip=False, max_length=MAX_PASSWORD, widget=forms.PasswordInput)
    stay = forms.BooleanField(required=False)  # signed in on this phone, for answering


class PreferencesForm(forms.Form):
    """Choices; a form sends only those that change."""

    time_display = forms.ChoiceField(choices=User.TimeDisplay.choices, required=False)
    language = forms.ChoiceField(choices=settings.LANGUAGES, required=False)
    keys_on = forms.BooleanField(required=False)

    def clean_time_display(self) -> str:
        """Time is always somebody's: an empty choice is none, and no page could be shown by it."""
        chosen: str = self.cleaned_data["time_display"]
        if "time_display" in self.data and not chosen:
            raise forms.ValidationError(gettext_lazy("Choose whose time to show."))
        return chosen


def password_field() -> forms.CharField:
    """Return the field for the password of a person who is signed in, asked again."""
    return forms.CharField(
        strip=False,
        max_length=MAX_PASSWORD,
        label=gettext_lazy("Your password"),
        help_text=gettext_lazy("A token works without you, so confirm that it is you."),
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": gettext_lazy("Enter your password.")},
    )


class PasswordForm(forms.Form):
    """The password of now, and the new one twice."""

    current = forms.CharField(
        strip=False,
        max_length=MAX_PASSWORD,
        label=gettext_lazy("Current password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": gettext_lazy("Enter your password.")},
    )
    new = forms.CharField(
        strip=False,
        max_length=MAX_PASSWORD,
        label=gettext_lazy("New password"),
        help_text=gettext_lazy("At least 12 characters; not your name, and no common password."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": gettext_lazy("Choose a new password.")},
    )
    again = forms.CharField(
        strip=False,
        max_length=MAX_PASSWORD,
        label=gettext_lazy("New password again"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": gettext_lazy("Enter the new password again.")},
    )

    def clean(self) -> dict[str, str]:
        """The new one is another one, and was typed twice alike."""
        values: dict[str, str] = self.cleaned_data
        new = values.get("new")
        if new and new == values.get("current"):
            self.add_error(
                "new", gettext_lazy("That is your current password. Choose a different one.")
            )
        elif new and "again" in values and new != values["again"]:
            self.add_error("again", gettext_lazy("The two passwords do not match."))
        return values


class TokenForm(forms.Form):
    """What a new token is for, what it may do and for how long."""

    name = forms.CharField(
        max_length=80,
        label=gettext_lazy("What will use it?"),
        error_messages={"required": gettext_lazy("Give the token a name.")},
    )
    scopes = forms.MultipleChoiceField(
        choices=TokenScope.choices,
        label=gettext_lazy("What it may do"),
        error_messages={
            "required": gettext_lazy("Choose at least one thing that the token may do.")
        },
    )
    days = forms.TypedChoiceField(
        coerce=int,
        initial=DEFAULT_DAYS,
        label=gettext_lazy("How long it works"),
        choices=[
            (7, gettext_lazy("7 days")),
            (30, gettext_lazy("30 days")),
            (DEFAULT_DAYS, gettext_lazy("90 days")),
            (180, gettext_lazy("180 days")),
            (MAX_DAYS, gettext_lazy("1 year")),
        ],
    )
    password = password_field()


class RotateForm(forms.Form):
    """Nothing but the password: a new secret is shown."""

    password = password_field()
