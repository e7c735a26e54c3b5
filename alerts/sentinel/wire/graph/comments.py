"""Comments, which have no id in Graph: ours carry a mark by which they are found again."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from typing import Final
from uuid import UUID

from alerts.sentinel.wire.graph.values import graph_text, name_for
from alerts.sentinel.wire.records import Bag
from alerts.sentinel.wire.values import MAX_COMMENT_LENGTH

NAME_PREFIX: Final = "graph-"  # of a comment that only Graph has told us of
MARK: Final = "[tagout:"
_MARK: Final = re.compile(r"\s*\[tagout:([A-Za-z0-9_-]{22})\]\s*$")


def graph_comment_text(message: str, *, key: str) -> str:
    """The text to send: the message, and last the mark of the key (a GUID) that identifies it."""
    mark = f"\n[tagout:{urlsafe_b64encode(UUID(key).bytes).decode().rstrip('=')}]"
    room = MAX_COMMENT_LENGTH - len(mark)
    if len(message) > room:
        message = message[: room - 2] + " …"
    return message + mark


def comment_documents(graph_id: str, comments: Iterable[Bag]) -> list[Bag]:
    """The comments of an incident as Sentinel would have sent them. One of ours has the name under
    which we wrote it and no mark; the others are named by who wrote what when.
    """
    return [_document(graph_id, comment) for comment in comments]


def find_comment(graph_id: str, comments: Iterable[Bag], *, key: str) -> Bag | None:
    """The comment that we wrote under this key, as Sentinel would have sent it; None if none is."""
    documents = comment_documents(graph_id, comments)
    return next((found for found in documents if found["name"] == key.lower()), None)


def key_and_message(text: str) -> tuple[str, str]:
    """The key in the mark of a comment, and the text without it; no key in one of others."""
    mark = _MARK.search(text)
    key = _key_of(mark[1]) if mark else ""
    return (key, text[: mark.start()]) if mark and key else ("", text)


def _document(graph_id: str, comment: Bag) -> Bag:
    author = graph_text(comment.get("createdByDisplayName"))
    created = graph_text(comment.get("createdDateTime"))
    key, text = key_and_message(graph_text(comment.get("comment")))
    return {
        "name": key or NAME_PREFIX + name_for("comment", graph_id, created, author, text),
        "properties": {
            "message": text,
            "createdTimeUtc": created or None,
            "author": {"name": author or None},
        },
    }


def _key_of(mark: str) -> str:
    try:
        return str(UUID(bytes=urlsafe_b64decode(mark + "==")))
    except ValueError:
        return ""
