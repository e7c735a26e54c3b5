"""Thinking about captures for the page: rows of operations, the strip of time, the bytes."""
