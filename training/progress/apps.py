from django.apps import AppConfig


class ProgressConfig(AppConfig):
    name = "training.progress"
    label = "progress"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from portal.ui.navigation import TRAINING, NavItem, register_nav
        from portal.ui.palette import Finder, register_finder
        from training.catalog.policies import AUTHOR_ROLES
        from training.progress.policies import LEARNING_ROLES, TOTALS_ROLES
        from training.progress.web.views.lessons import find_lessons

        register_nav(
            NavItem(
                _("Lessons"),
                "book-open",
                "training:catalogue",
                section=TRAINING,
                order=10,
                roles=LEARNING_ROLES,
            ),
            NavItem(
                _("Team progress"),
                "users",
                "team_progress:totals",
                section=TRAINING,
                order=70,
                roles=TOTALS_ROLES,
            ),
            NavItem(
                _("Question figures"),
                "list",
                "lesson_notes:figures",
                section=TRAINING,
                order=75,
                roles=AUTHOR_ROLES,
            ),
            NavItem(
                _("Notes on lessons"),
                "message-square",
                "lesson_notes:list",
                section=TRAINING,
                order=80,
                roles=AUTHOR_ROLES,
            ),
        )
        register_finder(
            Finder(
                "lessons",
                _("Lessons"),
                find_lessons,
                order=60,
                roles=LEARNING_ROLES,
                hint=_("a lesson by its title, alert type or technique"),
            )
        )
