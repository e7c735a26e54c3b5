"""What makes two incidents alike: place, type, both ends and protocol."""

import json
from collections.abc import Iterable
from uuid import UUID, uuid5

from alerts.incidents.engine.catalogue import bare_title, language_of, sentences, shortened

# Keys are stored. Another namespace or another order of fields would orphan all of them.
_NAMESPACE = UUID("6b0f4f0e-4d0c-5c58-9d0e-1a6f3a1f7d52")


def pattern_key(
    *,
    workspace_id: int,
    site_ids: Iterable[int],
    alert_type: str,
    source: str,
    destination: str,
    protocol: str,
) -> UUID:
    """The same key for equal patterns, whatever the spelling and in whatever process."""
    texts = [_plain(text) for text in (bare_title(alert_type), source, destination, protocol)]
    facts = [workspace_id, sorted(set(site_ids)), *texts]
    return uuid5(_NAMESPACE, json.dumps(facts, ensure_ascii=False, separators=(",", ":")))


def pattern_words(
    *,
    alert_type: str,
    source: str = "",
    destination: str = "",
    protocol: str = "",
    language: str = "en",
) -> str:
    """What a pattern is, in one line: type, ends and protocol, as far as they are known."""
    texts: dict[str, str] = sentences(language_of(language))["pattern"]
    values = {
        "what": shortened(bare_title(alert_type)),
        "source": source.strip(),
        "destination": destination.strip(),
        "protocol": protocol.strip(),
    }
    return " ".join(
        texts[name].replace("{value}", value) for name, value in values.items() if value
    )


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
