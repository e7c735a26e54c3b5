"""Attach, download and remove captures."""
