"""The fault matrix: inject, expect, count. The suite runs a short form; `make faults` the long."""
