"""What people say about sites; what alerts say stands in files of their own."""

from alerts.sites.services.describe import (
    CannotDescribeSite,
    DeviceFacts,
    SensorFacts,
    ZoneFacts,
    describe_devices,
    describe_site,
)

__all__ = [
    "CannotDescribeSite",
    "DeviceFacts",
    "SensorFacts",
    "ZoneFacts",
    "describe_devices",
    "describe_site",
]
