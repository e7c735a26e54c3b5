"""The time zones that a plant can have."""

from difflib import get_close_matches
from functools import cache
from zoneinfo import available_timezones


@cache
def plant_zones() -> frozenset[str]:
    """Return the names of places, and UTC. Abbreviations do not define when summer begins."""
    return frozenset(zone for zone in available_timezones() if "/" in zone) | {"UTC"}


def similar_zones(name: str) -> list[str]:
    """Return zones that somebody may have meant: other letter case, the city alone, a slip."""
    by_word: dict[str, str] = {}
    for zone in sorted(plant_zones(), key=lambda zone: (zone.startswith("Etc/"), zone)):
        by_word.setdefault(zone.casefold(), zone)
        by_word.setdefault(zone.rpartition("/")[2].casefold(), zone)
    word = name.strip().casefold().replace(" ", "_")
    if word in by_word:
        return [by_word[word]]
    found = get_close_matches(word, by_word, n=2, cutoff=0.8)
    return list(dict.fromkeys(by_word[word] for word in found))
