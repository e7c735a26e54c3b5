#!/usr/bin/env python
"""Django's command line for Tagout.

Without DATABASE_URL or REDIS_URL it starts the embedded services of the data folder first, or
joins them where they already run. The image has none: there the URLs must be set.
"""

import os
import signal
import sys
from pathlib import Path

NEEDS_NO_SERVICES = {"", "help", "makemessages", "compilemessages", "collectstatic", "check"}

WITH_DASH = {"planned-work": "planned_work"}  # no module can be called so


def main() -> None:
    """Run one management command."""
    in_source_tree = (Path(__file__).resolve().parent / "simulator").is_dir()
    settings = "alerts.demo.settings" if in_source_tree else "portal.settings"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", settings)
    from portal.errors import Misconfigured
    from portal.runtime.garbage import collect_rarely

    collect_rarely()
    name = next((word for word in sys.argv[1:] if not word.startswith("-")), "")
    if name in WITH_DASH:
        sys.argv[sys.argv.index(name)] = WITH_DASH[name]
    pretends = name == "simulator" and "advance" not in sys.argv  # it is the other side
    alone = pretends or name in NEEDS_NO_SERVICES or "--help" in sys.argv or "-h" in sys.argv
    try:
        if in_source_tree and not alone:
            import embedded
            from portal.runtime import env

            home = Path(__file__).resolve().parent / ".data"
            if name == "simulator" and not embedded.is_set("DATABASE_URL"):
                from alerts.demo.data_folder import running_demo

                os.environ["DATA_DIR"] = str(running_demo(home))
            embedded.ensure_environment(Path(env.text("DATA_DIR", str(home))))
        from django.core.management import CommandError, execute_from_command_line

        try:
            execute_from_command_line(sys.argv)
            sys.stdout.flush()
        except CommandError as wrong:
            sys.exit(str(wrong))
        except BrokenPipeError:  # who reads has seen enough, as `head` has
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(128 + signal.SIGPIPE)
    except Misconfigured as wrong:
        sys.exit(str(wrong))


if __name__ == "__main__":
    main()
