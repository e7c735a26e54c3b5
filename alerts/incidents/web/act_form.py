"""What all forms of acts on incidents have in common."""

from typing import Any, ClassVar, override
from uuid import UUID

from django import forms
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext

from alerts.incidents.acts.bulk import ActValues
from alerts.incidents.queries import has_done
from alerts.incidents.web.targets import Targets
from portal.accounts.models import User


class ActForm(forms.Form):
    """One act on incidents: form, service and answer; its id makes a repeated post act once."""

    title: ClassVar[Promise]
    button: ClassVar[Promise | None] = None  # else the title
    icon: ClassVar[str]
    done: ClassVar[Promise]  # names what was done
    act = forms.UUIDField(required=False, widget=forms.HiddenInput)
    fingerprint = forms.CharField(required=False, widget=forms.HiddenInput)
    is_repeated = False  # it was sent before, and what it is about has changed by that

    def __init__(
        self,
        data: QueryDict | None,
        *,
        targets: Targets,
        by: User,
        initial: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial=initial)
        self.targets, self.by = targets, by

    @override
    def clean(self) -> None:
        """Nobody acts on what their form did not show, nor without the form where it warns."""
        super().clean()
        fingerprint, act = self.cleaned_data.get("fingerprint"), self.act_id
        if not fingerprint and self.warns:
            raise forms.ValidationError(gettext("Read this first, then confirm."))
        if fingerprint and fingerprint != self.targets.fingerprint:
            self.is_repeated = act is not None and has_done(self.by, act)
            if not self.is_repeated:
                raise forms.ValidationError(
                    gettext(
                        "What this is about has changed since you opened the form. Look at it"
                        " again, then confirm."
                    )
                )

    @property
    def warns(self) -> bool:
        """Whether the form shows something that must be read first."""
        return False

    @property
    def act_id(self) -> UUID | None:
        """The id of the act, where the form brought one."""
        act: UUID | None = self.cleaned_data.get("act")
        return act

    @property
    def changes_nothing(self) -> bool:
        """Whether the answer is to leave all as it is."""
        return False

    def reasons_against(self) -> list[str]:
        """Return why it cannot be done, whatever is entered."""
        return []

    def context(self) -> dict[str, Any]:
        """Return what the page shows beside the fields."""
        return {}

    def values(self) -> ActValues:
        """Return what the service is given, as JSON can keep it."""
        beside = ("act", "fingerprint")
        return {name: value for name, value in self.cleaned_data.items() if name not in beside}

    def summary(self) -> str:
        """Return what is done in a few words: to whom, to which severity, as what."""
        return str(self.title)

    def toast(self) -> str:
        """Return the sentence that the person is told afterwards."""
        return str(self.done) % {"what": self.targets.words}
