"""Whether a version and its compiled forms are what two people of two sides signed."""

from alerts.suppression.enforcing.acting_rules import load_acting
from alerts.suppression.engine.guards.attribution import Attribution
from alerts.suppression.models import RuleVersion


class NotSigned(ValueError):
    """What would act is not what two people of two sides signed; the text says why."""


def attribution_of(version: RuleVersion) -> Attribution:
    """Who stands for the version, for the text of a close. Raises NotSigned."""
    acting = load_acting(RuleVersion.objects.filter(pk=version.pk)).versions.get(version.pk)
    if acting is None:
        raise NotSigned("It is not what two people of two sides have signed.")
    forms = signed_forms(version)
    given = version.signatures.filter(void_at=None, rule_hash=version.rule_hash)
    if any(each.forms != forms for each in given):
        raise NotSigned("Its compiled forms are not the ones that were signed.")
    return acting.attribution


def signed_forms(version: RuleVersion) -> list[str]:
    """The hashes of all forms of the version, in the order in which signatures name them."""
    return [text for name in sorted(version.forms) for text in version.forms[name]]
