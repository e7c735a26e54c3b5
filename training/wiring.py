"""What the rooms of training contribute to the rooms below them, the highest room first."""

from django.utils.translation import gettext_lazy as _

from alerts.captures.registry import CaptureReaderSource
from alerts.incidents.registry import TechniqueSource
from portal.rooms import Room
from portal.ui.navigation import TRAINING, NavItem
from portal.ui.palette import Finder
from training.catalog.policies import AUTHOR_ROLES
from training.catalog.queries.lessons import reviewed_techniques
from training.labs.capture_reader import ProcessReader
from training.matrix.policies import MATRIX_ROLES
from training.matrix.web.views.matrix import techniques_named
from training.progress.policies import LEARNING_ROLES, TOTALS_ROLES
from training.progress.web.views.lessons import find_lessons

ROOMS = (
    Room(
        "labs",
        CaptureReaderSource(ProcessReader()),
        NavItem(
            _("Captures"),
            "network",
            "labs:captures",
            section=TRAINING,
            order=40,
            roles=LEARNING_ROLES,
        ),
    ),
    Room(
        "matrix",
        NavItem(
            _("ATT&CK for ICS"),
            "table",
            "attack:matrix",
            section=TRAINING,
            order=30,
            roles=MATRIX_ROLES,
        ),
        Finder("attack", _("ATT&CK techniques"), techniques_named, order=75, roles=MATRIX_ROLES),
    ),
    Room(
        "progress",
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
        Finder(
            "lessons",
            _("Lessons"),
            find_lessons,
            order=60,
            roles=LEARNING_ROLES,
            hint=_("a lesson by its title, alert type or technique"),
        ),
    ),
    Room(
        "catalog",
        TechniqueSource(reviewed_techniques),
        NavItem(
            _("Lesson editor"),
            "pencil",
            "authoring:modules",
            section=TRAINING,
            order=75,
            roles=AUTHOR_ROLES,
        ),
    ),
)
