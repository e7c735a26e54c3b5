"""Django's `migrate`; where logs are JSON it shows what it does as log lines."""

import logging
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.core.management.commands.migrate import Command as Migrate
from django.db import OperationalError

from portal.runtime.apply_worker_rights import set_worker_rights

_log = logging.getLogger(__name__)
_DONE = {"apply_success": "Applied", "unapply_success": "Unapplied"}
_REFUSED = ("password authentication failed", "does not exist")


class Command(Migrate):
    """Changes the tables to what this version needs."""

    requires_system_checks: list[str] = []  # of the code, all pages included: CI's

    def handle(self, *args: Any, **options: Any) -> None:
        """Run Django's command; a database that does not let us in is one sentence."""
        if settings.LOG_FORMAT == "json" and options["verbosity"] == 1:
            options["verbosity"] = 0
        try:
            super().handle(*args, **options)
            if not (options["plan"] or options["check_unapplied"]):
                self._set_worker_rights()
        except OperationalError as trouble:
            if getattr(trouble.__cause__, "sqlstate", None) is not None:
                raise
            sentence = _sentence(" ".join(str(trouble).split()))
            if settings.LOG_FORMAT != "json":
                raise CommandError(sentence) from trouble
            _log.critical("%s", sentence)
            raise SystemExit(1) from trouble

    def _set_worker_rights(self) -> None:
        """Let the database role of each worker do what this version declares."""
        if not (changed := set_worker_rights()):
            return
        sentence = f"Rights of the workers' database roles: {changed} given or taken away."
        if settings.LOG_FORMAT == "json":
            _log.info("%s", sentence)
        elif self.verbosity:
            self.stdout.write(sentence)

    def migration_progress_callback(
        self, action: str, migration: Any = None, fake: bool = False
    ) -> None:
        """Print one migration."""
        super().migration_progress_callback(action, migration, fake)
        if self.verbosity == 0 and action in _DONE:
            _log.info("%s %s.", _DONE[action], migration)


def _sentence(message: str) -> str:
    wrong = f"The database that DATABASE_URL names refuses the connection: {message}."
    if any(words in message for words in _REFUSED):
        wrong += (
            " Either the first start of the database was cut short, or the URL was changed since:"
            ' docs/operating.md, "A first start that failed".'
        )
    return wrong
