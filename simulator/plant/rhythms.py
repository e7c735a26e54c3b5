"""When things happen in a plant: hours of the local week, and which days of a month or campaign."""

from collections.abc import Callable
from datetime import date


def _week(
    hours: dict[int, float], *, work: float = 1.0, sat: float = 0.0, sun: float = 0.0
) -> tuple[float, ...]:
    factors = [work] * 5 + [sat, sun]
    return tuple(factors[day] * hours.get(hour, 0.0) for day in range(7) for hour in range(24))


_FLAT = dict.fromkeys(range(24), 1.0)
_SHIFTS = dict.fromkeys(range(24), 1.0) | {6: 2.4, 7: 1.8, 14: 2.4, 15: 1.6, 22: 2.0}
_DAY = {6: 0.4, 7: 1.2, 8: 1.6, 9: 1.7, 10: 1.6, 11: 1.2, 12: 0.6, 13: 1.4, 14: 1.1, 15: 0.5}
_OFFICE = {8: 0.8, 9: 1.5, 10: 1.6, 11: 1.2, 12: 0.5, 13: 1.3, 14: 1.4, 15: 1.0, 16: 0.4}


def _only(days: set[int], hours: range) -> tuple[float, ...]:
    return tuple(float(day in days and hour in hours) for day in range(7) for hour in range(24))


RHYTHMS: dict[str, tuple[float, ...]] = {
    "always": _week(_FLAT, sat=0.45, sun=0.35),
    "shift": _week(_SHIFTS, sat=0.35, sun=0.25),
    "day": _week(_DAY, sat=0.06),
    "office": _week(_OFFICE),
    "noon": _week({12: 1.0, 13: 0.5}, sat=0.1, sun=0.1),
    "evening": _week({18: 1.0, 19: 1.0, 20: 0.8, 21: 0.4}),
    "night": _week({1: 1.0, 2: 0.7}, sat=0.8, sun=0.8),
    "early": _week({4: 1.0, 5: 0.7}, sat=0.8, sun=0.8),
    "small-hours": _week({3: 1.0}),
    "tuesday": _only({1}, range(6, 8)),
    "saturday": _only({5}, range(8, 14)),
    "sunday": _only({6}, range(10, 14)),
    "sunday-night": _only({6}, range(2, 4)),
}
"""168 weights, Monday 00:00 first, in the plant's own time."""

_ONCE = {"commissioning": (0.45, 0.58), "shutdown": (0.2, 0.235), "renumbering": (0.36, 0.38)}
Phase = Callable[[date, str, float | None], float]


def _ordinal(day: date, site: str) -> int:
    return day.toordinal() + (5 if site == "porto" else 0)


def _batch(day: date, site: str, part: float | None) -> float:
    return 1.0 if _ordinal(day, site) % 11 < 6 else 0.2


def _vendor(day: date, site: str, part: float | None) -> float:
    weekday, first = (2, 8) if site == "gdansk" else (3, 15)
    return float(day.weekday() == weekday and first <= day.day < first + 7)


def _patch(day: date, site: str, part: float | None) -> float:
    return float(day.weekday() == 3 and 10 <= day.day < 17)


def _firmware(day: date, site: str, part: float | None) -> float:
    first, month = (15, 1) if site == "gdansk" else (1, 0)
    this_month = day.month % 2 == month
    return float(this_month and day.weekday() == 5 and first <= day.day < first + 7)


def _once(first: float, last: float) -> Phase:
    def phase(day: date, site: str, part: float | None) -> float:
        return 0.0 if part is None else float(first <= part < last)

    return phase


def _alternate_weeks(day: date, site: str, part: float | None) -> float:
    return float(_ordinal(day, site) // 7 % 2 == 0)


def _weather(day: date, site: str, part: float | None) -> float:
    return 3.0 if (_ordinal(day, site) // 2 * 2654435761 >> 8) % 6 == 0 else 0.35


def _sensor(day: date, site: str, part: float | None) -> float:
    return 1.0 if (_ordinal(day, site) * 2654435761 >> 7) % 8 == 0 else 0.04


def _always(day: date, site: str, part: float | None) -> float:
    return 1.0


PHASES: dict[str, Phase] = {
    "": _always,
    "batch": _batch,
    "vendor": _vendor,
    "patch": _patch,
    "firmware": _firmware,
    **{name: _once(*window) for name, window in _ONCE.items()},
    "alternate-weeks": _alternate_weeks,
    "weather": _weather,
    "sensor": _sensor,
}
"""How much of a process a day sees; `part` says where in a history it lies, None: living on."""


def attack_phase(turn: int, attacks: int, window: tuple[float, float]) -> Phase:
    """The days of one attack: its window of a history, or its turn in a plant that lives on."""

    def phase(day: date, site: str, part: float | None) -> float:
        if part is not None:
            return float(window[0] <= part < window[1])
        cycle, within = divmod(day.toordinal(), 28)
        return float(cycle % attacks == turn and 7 <= within < 21)

    return phase


def day_noise(seed: int, flow: int, ordinal: int) -> float:
    """How lively a day is for one flow, between 0.6 and 1.4; the same for the same day always."""
    mixed = (ordinal * 2654435761 ^ flow * 40503 * 65537 ^ seed * 97) & 0xFFFFFFFF
    mixed = (mixed ^ mixed >> 15) * 2246822519 & 0xFFFFFFFF
    return 0.6 + 0.8 * ((mixed ^ mixed >> 13) & 0xFFFF) / 65536
