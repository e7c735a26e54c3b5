from django.apps import AppConfig


class ProgressConfig(AppConfig):
    name = "training.progress"
    label = "progress"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from portal.ui.navigation import TRAINING, NavItem, register_nav
        from training.progress.policies import AUTHOR_ROLES, LEARNING_ROLES

        register_nav(
            NavItem(
                _("Lessons"), "book-open", "training:catalogue", section=TRAINING, order=10,
                roles=LEARNING_ROLES,
            ),
            NavItem(
                _("Notes on lessons"), "message-square", "lesson_notes:list", section=TRAINING,
                order=80, roles=AUTHOR_ROLES,
            ),
        )  # fmt: skip
