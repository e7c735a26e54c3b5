"""The MITRE ATT&CK® for ICS catalogue: identifiers, names, tactics and where old ids went. Must not
depend on any alert. Doors: `engine`; `releases` takes an official bundle over, or shows what it
would change.
"""
