from django.apps import AppConfig


class LabsConfig(AppConfig):
    name = "training.labs"
    label = "labs"

    def ready(self) -> None:
        from alerts.captures.registry import register_capture_reader
        from training.labs.capture_reader import ProcessReader

        register_capture_reader(ProcessReader())
        _register_pages()


def _register_pages() -> None:
    """Offer the captures in the frame of every page."""
    from django.utils.translation import gettext_lazy as _

    from portal.ui.navigation import TRAINING, NavItem, register_nav
    from training.progress.policies import LEARNING_ROLES

    register_nav(
        NavItem(
            _("Captures"),
            "network",
            "labs:captures",
            section=TRAINING,
            order=40,
            roles=LEARNING_ROLES,
        )
    )
