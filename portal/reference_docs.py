"""Pages of docs that are made from tables of the code: `manage.py reference_docs` writes them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Final

from portal.notifications.kinds import NotificationKind

WINGS: Final = ("portal", "alerts", "training")


def reference_pages() -> dict[str, str]:
    """Return the text of each generated page by its file below the project's folder."""
    return {file: write() for file, write in _PAGES.items()}


def wing_tables(name: str) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Yield each wing that has a module of this name, with what the module defines."""
    for wing in WINGS:
        if find_spec(f"{wing}.{name}"):
            yield wing, vars(import_module(f"{wing}.{name}"))


def notification_kinds() -> list[NotificationKind]:
    """Return all kinds of notifications, as the wings list them."""
    kinds: list[NotificationKind] = []
    for _, names in wing_tables("notification_kinds"):
        for value in names.values():
            found = value.values() if isinstance(value, dict) else [value]
            kinds += [kind for kind in found if isinstance(kind, NotificationKind)]
    return kinds


def _notifications() -> str:
    rows = [
        (f"`{kind.name}`", kind.about, kind.recipients, "yes" if kind.is_mailed else "no")
        for kind in notification_kinds()
    ]
    return _page(
        "Notifications",
        "Each is a line in the inbox and, where the table says so, a mail, in the language of its"
        " reader. Made from `alerts/notification_kinds.py`.",
        _table(("Kind", "Event", "Recipients", "Mail"), rows),
    )


def _page(title: str, introduction: str, *parts: str) -> str:
    notice = "<!-- Written by `make docs`: change the table in the code instead. -->"
    return "\n\n".join([f"# {title}", notice, introduction, *parts]) + "\n"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


_PAGES: Final[dict[str, Callable[[], str]]] = {
    "docs/notifications.md": _notifications,
}
