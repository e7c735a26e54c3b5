"""Who owns a rule on each side: bodies name people by their e-mail address."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from alerts.suppression.models import RuleVersion
from portal.accounts.models import User


@dataclass(frozen=True, slots=True)
class Owners:
    """The two owners by name; empty where a side has none yet."""

    ot: str
    soc: str


def owners_by_version(versions: Iterable[RuleVersion]) -> Mapping[int, Owners]:
    """The owners of these versions, by primary key; a stranger's address is shown as it is."""
    rows = list(versions)
    wanted = {text.lower() for row in rows for text in _addresses(row) if text}
    names = dict(User.objects.filter(email__in=wanted).values_list("email", "name"))
    return {
        row.pk: Owners(*(names.get(text.lower(), text) for text in _addresses(row))) for row in rows
    }


def _addresses(version: RuleVersion) -> tuple[str, str]:
    body = version.body if isinstance(version.body, dict) else {}
    return str(body.get("owner_ot", "")), str(body.get("owner_soc", ""))
