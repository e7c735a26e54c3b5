"""Read the settings where a process does not start by `manage.py`."""

import sys
from importlib import import_module

from portal.errors import Misconfigured


def settings_or_exit(status: int) -> None:
    """Read the settings; where one is wrong, say so in its sentence and end, without a traceback.
    For processes that do not start by `manage.py`.
    """
    try:
        import_module("portal.settings")
    except Misconfigured as wrong:
        print(wrong, file=sys.stderr)
        raise SystemExit(status) from None
