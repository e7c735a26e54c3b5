"""Sites, zones, sensors and devices as D4IoT has them; filled from alerts, described by people. A
device is zone plus address, never the address alone. Depends on no incident. Doors: `queries`,
`services`.
"""
