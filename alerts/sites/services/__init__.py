"""What people say about sites (`describe`), and what alerts say (`places`, `devices`)."""

from alerts.sites.services.describe import (
    CannotDescribeDevice,
    CannotDescribeSite,
    DeviceFacts,
    SensorFacts,
    ZoneFacts,
    describe_device,
    describe_devices,
    describe_site,
)
from alerts.sites.services.device_file import (
    CannotKeepFile,
    discard_device_file,
    keep_device_file,
)
from alerts.sites.services.import_devices import (
    CannotImportDevices,
    DeviceChange,
    DeviceImport,
    import_devices,
)
from alerts.sites.services.learn import (
    Atlas,
    DeviceLocation,
    DeviceSeen,
    StatedPlace,
    Where,
    learn_devices,
    learn_places,
    level_of,
)
from alerts.sites.services.set_site import CannotSetSite, SiteChange, set_site

__all__ = [
    "Atlas",
    "CannotDescribeDevice",
    "CannotDescribeSite",
    "CannotImportDevices",
    "CannotKeepFile",
    "CannotSetSite",
    "DeviceChange",
    "DeviceFacts",
    "DeviceImport",
    "DeviceLocation",
    "DeviceSeen",
    "SensorFacts",
    "SiteChange",
    "StatedPlace",
    "Where",
    "ZoneFacts",
    "describe_device",
    "describe_devices",
    "describe_site",
    "discard_device_file",
    "import_devices",
    "keep_device_file",
    "learn_devices",
    "learn_places",
    "level_of",
    "set_site",
]
