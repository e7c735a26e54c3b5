"""What the house says when it does not do something."""

import sys
from importlib import import_module


class Refused(Exception):
    """A command was not carried out. `reasons` are sentences a person can read and act on."""

    def __init__(self, *reasons: str) -> None:
        self.reasons: tuple[str, ...] = reasons
        super().__init__(" ".join(reasons))


class Misconfigured(Exception):
    """A setting is missing or malformed; the text names the setting and says what to do."""


def settings_or_exit(status: int) -> None:
    """Read the settings; where one is wrong, say so in its sentence and end, without a traceback.
    For processes that do not start by `manage.py`.
    """
    try:
        import_module("portal.settings")
    except Misconfigured as wrong:
        print(wrong, file=sys.stderr)
        raise SystemExit(status) from None
