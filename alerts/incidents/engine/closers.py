"""Whether the name of whoever changed an incident in Sentinel is that of a person."""

import re
from typing import Final

# Log Analytics and the Defender portal both write one text, with no member beside it that would say
# what it names. A person is a user principal name. "Automation rule - …", "Playbook - …", "Incident
# created from alert", "Microsoft Defender XDR - alert correlation", "API-App:admin@contoso.com" and
# the name or id of an application are none, nor is a display name, which an application may bear.
_PRINCIPAL_NAME: Final = re.compile(r"[\w.+'#~-]{1,64}@[\w-]+(?:\.[\w-]+)+", re.ASCII)
MAX_NAME: Final = 200


def is_person(closer: str) -> bool:
    """Whether this text names a person; False where that is not known."""
    return len(closer) <= MAX_NAME and _PRINCIPAL_NAME.fullmatch(closer) is not None
