"""What Defender for IoT merged into one alert, as far as the alert's own fields show it.

It makes one alert of what several sensors of a zone see within ten minutes, and gathers violations
with equal parameters in a list, of which it hands on the first ten.
"""

import json
from typing import Any, Final

MAX_LISTED: Final = 10  # violations that an alert names; there may be more
_VIOLATIONS = ("violations", "violationslist")
_SENSOR_IDS, _SENSORS, _DEVICE_IDS = ("sensorid",), ("sensor",), ("deviceid",)
_DETAILS = ("customdetails",)


def violations_in(bag: Any) -> int:
    """Return how many violations an alert lists (Azure names the first ten); 0 where none."""
    lists = [_list_in(value) for value in _values(_object_in(bag), _VIOLATIONS)]
    return next((len(found) for found in lists if found), 0)


def sensors_in(bag: Any) -> tuple[str, ...]:
    """Return every sensor that an alert names, in its own fields or in those that an analytics rule
    has copied; nothing where it names none. DeviceId is the same sensor once more, by the name that
    IoT Hub has for it, and rules copy it as Sensor.
    """
    bag = _object_in(bag)
    bags = [bag, *(_object_in(details) for details in _values(bag, _DETAILS))]
    ids, sensors, devices = (
        _texts_in(bags, names) for names in (_SENSOR_IDS, _SENSORS, _DEVICE_IDS)
    )
    if not ids:
        return tuple(dict.fromkeys(sensors or devices))
    return tuple(dict.fromkeys([*ids, *(name for name in sensors if name not in devices)]))


def _texts_in(bags: list[Any], names: tuple[str, ...]) -> list[str]:
    found = [value for fields in bags for value in _values(fields, names)]
    texts = [text for value in found for text in (_list_in(value) or [value])]
    return [text.strip() for text in texts if _is_text(text)]


def _values(bag: Any, names: tuple[str, ...]) -> list[Any]:
    """The values under these names, whatever their case and blanks, in the order of the names."""
    if not isinstance(bag, dict):
        return []
    plain = {name.lower().replace(" ", ""): value for name, value in bag.items()}
    return [plain[name] for name in names if name in plain]


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _object_in(value: Any) -> Any:
    return _decoded(value) if isinstance(value, str) else value


def _list_in(value: Any) -> list[Any]:
    """A list, also where a text contains it as JSON."""
    found = _decoded(value) if isinstance(value, str) and value.lstrip()[:1] == "[" else value
    return found if isinstance(found, list) else []


def _decoded(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
