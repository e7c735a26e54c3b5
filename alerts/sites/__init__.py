"""Sites, zones, sensors and devices as D4IoT says them; filled from alerts, described by people. A
device is zone plus address, never the address alone. Knows no incident. Doors: `queries`,
`services`.
"""
