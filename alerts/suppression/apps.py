from django.apps import AppConfig


class SuppressionConfig(AppConfig):
    name = "alerts.suppression"
    label = "suppression"

    def ready(self) -> None:
        from alerts.outbox.registry import (
            register_check,
            register_fresh_check,
            register_outcome,
        )
        from alerts.suppression.services.close import STILL_ACTING, STILL_COVERED
        from alerts.suppression.services.ledger import hear_outcome
        from alerts.suppression.services.still import reason_not_to_close, reason_not_to_tag

        register_fresh_check(
            STILL_COVERED,
            lambda change, fresh, now: reason_not_to_close(change, fresh=fresh, now=now),
        )
        register_check(STILL_ACTING, lambda change, now: reason_not_to_tag(change, now=now))
        register_outcome(hear_outcome)
