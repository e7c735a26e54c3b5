"""What people say about sites (`describe`), and what alerts say (`places`, `devices`)."""

from alerts.sites.services.describe import (
    CannotDescribeSite,
    DeviceFacts,
    SensorFacts,
    ZoneFacts,
    describe_devices,
    describe_site,
)
from alerts.sites.services.devices import DeviceSeen, learn_devices, level_of
from alerts.sites.services.places import Atlas, Found, Place, Where, learn_places

__all__ = [
    "Atlas",
    "CannotDescribeSite",
    "DeviceFacts",
    "DeviceSeen",
    "Found",
    "Place",
    "SensorFacts",
    "Where",
    "ZoneFacts",
    "describe_devices",
    "describe_site",
    "learn_devices",
    "learn_places",
    "level_of",
]
