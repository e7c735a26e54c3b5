"""The ATT&CK for ICS catalogue: identifiers, names, tactics and the crosswalk. Knows no alert.
Door: `engine`."""
