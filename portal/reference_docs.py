"""Pages of docs that are made from tables of the code: `manage.py reference_docs` writes them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import Field, fields
from importlib import import_module
from typing import Any, Final

from django.conf import settings

from portal.accounts.labels import ROLE_NAMES
from portal.accounts.models import Role
from portal.accounts.rights import RIGHTS
from portal.audit.actions import AUDITED_THINGS
from portal.notifications.kind import NotificationKind
from portal.rooms import Contribution, rooms_in
from portal.ui.navigation import Section

WINGS: Final = ("portal", "alerts", "training")


def reference_pages() -> dict[str, str]:
    """Return the text of each generated page by its file below the project's folder."""
    return {file: write() for file, write in _PAGES.items()}


def notification_kinds() -> list[NotificationKind]:
    """Return all kinds of notifications, as the table of alerts lists them."""
    kinds: list[NotificationKind] = []
    for value in vars(import_module("alerts.notification_kinds")).values():
        found = value.values() if isinstance(value, dict) else [value]
        kinds += [kind for kind in found if isinstance(kind, NotificationKind)]
    return kinds


def _mail_of(kind: NotificationKind) -> str:
    minutes = round(kind.gathers_for.total_seconds() / 60)
    return "no" if not kind.is_mailed else f"one for all within {minutes} min" if minutes else "yes"


def _notifications() -> str:
    rows = [
        (
            f"`{kind.name}`",
            kind.about,
            kind.recipients,
            str(kind.reason),
            _mail_of(kind),
        )
        for kind in notification_kinds()
    ]
    return _page(
        "Notifications",
        "Each is a line in the inbox and, where the table says so, a mail, in the language of its"
        " reader. Made from `alerts/notification_kinds.py`.",
        _table(("Kind", "Event", "Recipients", "Reason given", "Mail"), rows),
    )


def _rights() -> str:
    head = ["Act", *(str(ROLE_NAMES[role]) for role in Role)]
    rows = [
        [f"`{act}`", *("yes" if role in roles else "" for role in Role)]
        for act, roles in RIGHTS.items()
    ]
    return _page(
        "Rights",
        "Which role may do what. A role is granted for everything, an organisation, a workspace or"
        " a site, as the first rows say, and holds there; `tests/rights.toml` lists the scopes of"
        " each decision. Made from `portal/accounts/rights.py`.",
        _table(head, rows),
    )


def _wiring() -> str:
    entries: dict[type[Contribution], list[tuple[str, Contribution]]] = {}
    for room in rooms_in(settings.WIRING):
        for entry in room.contributions:
            entries.setdefault(type(entry), []).append((room.name, entry))
    kinds = sorted(entries, key=lambda kind: (kind.__module__, kind.__name__))
    return _page(
        "Wiring",
        "What each room contributes to rooms below it, by kind. Made from `alerts/wiring.py`,"
        " `training/wiring.py` and `portal/wiring.py`; the room that defines a kind reads it.",
        *(_kind_of_contribution(kind, entries[kind]) for kind in kinds),
    )


# Left out: how an entry looks, and roles, which have a page of their own.
_LEFT_OUT: Final = {"icon", "roles", "listed_for", "order", "tab", "hint", "template"}


def _kind_of_contribution(
    kind: type[Contribution], entries: Sequence[tuple[str, Contribution]]
) -> str:
    columns: list[Field[Any]] = [
        field
        for field in fields(kind)  # type: ignore[arg-type]  # each kind is a dataclass
        if field.name not in _LEFT_OUT and any(getattr(entry, field.name) for _, entry in entries)
    ]
    head = ["Room", *(field.name.replace("_", " ").capitalize() for field in columns)]
    rows = [
        [room, *(_cell(getattr(entry, field.name)) for field in columns)] for room, entry in entries
    ]
    introduction = " ".join((kind.__doc__ or "").split())
    return "\n\n".join(
        [f"## {kind.__name__}", f"{introduction} (`{kind.__module__}`)", _table(head, rows)]
    )


def _cell(value: Any) -> str:
    """Return a value as the page shows it: functions as links to their files."""
    if isinstance(value, Section):
        return str(value.name)
    definition = value if callable(value) else type(value)
    if definition.__module__.partition(".")[0] in WINGS and not isinstance(value, str):
        file = f"../{definition.__module__.replace('.', '/')}.py"
        return f"[`{definition.__qualname__}`]({file})"
    return str(value or "")


def _audit_actions() -> str:
    rows = [
        (
            f"`{thing.name}`",
            ", ".join(thing.verbs.split()),
            thing.models.replace(" ", ", "),
            thing.read_by,
        )
        for thing in AUDITED_THINGS
    ]
    return _page(
        "Actions in the audit record",
        "An action is `room.thing.verb`. Auditors of the whole portal read all entries, in the API"
        " and as an export; the last column names pages that show some. Made from"
        " `portal/audit/actions.py`.",
        _table(("Thing", "Verbs", "Recorded on", "Shown on"), rows),
    )


def _page(title: str, introduction: str, *parts: str) -> str:
    notice = "<!-- Written by `make docs`: change the table in the code instead. -->"
    return "\n\n".join([f"# {title}", notice, introduction, *parts]) + "\n"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


_PAGES: Final[dict[str, Callable[[], str]]] = {
    "docs/audit-actions.md": _audit_actions,
    "docs/notifications.md": _notifications,
    "docs/rights.md": _rights,
    "docs/wiring.md": _wiring,
}
