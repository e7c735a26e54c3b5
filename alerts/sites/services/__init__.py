"""What people say about sites (`describe`), and what alerts say (`places`, `devices`)."""

from alerts.sites.services.describe import (
    CannotDescribeSite,
    DeviceFacts,
    SensorFacts,
    ZoneFacts,
    describe_devices,
    describe_site,
)
from alerts.sites.services.describe_device import CannotDescribeDevice, describe_device
from alerts.sites.services.device_files import (
    CannotKeepFile,
    discard_device_file,
    keep_device_file,
)
from alerts.sites.services.devices import DeviceSeen, learn_devices, level_of
from alerts.sites.services.import_devices import (
    CannotImportDevices,
    DeviceChange,
    DeviceImport,
    import_devices,
)
from alerts.sites.services.places import Atlas, Found, Place, Where, learn_places
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
    "DeviceSeen",
    "Found",
    "Place",
    "SensorFacts",
    "SiteChange",
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
