from django.apps import AppConfig


class MatrixConfig(AppConfig):
    name = "training.matrix"
    label = "matrix"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from portal.ui.navigation import TRAINING, NavItem, register_nav
        from portal.ui.palette import Finder, register_finder
        from training.matrix.policies import MATRIX_ROLES
        from training.matrix.web.views.matrix import techniques_named

        register_nav(
            NavItem(
                _("ATT&CK for ICS"),
                "table",
                "attack:matrix",
                section=TRAINING,
                order=30,
                roles=MATRIX_ROLES,
            )
        )
        register_finder(
            Finder("attack", _("ATT&CK techniques"), techniques_named, order=75, roles=MATRIX_ROLES)
        )
