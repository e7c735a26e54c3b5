"""Incidents and alerts over REST: rows to read, and the verbs of the pages as POSTs."""
