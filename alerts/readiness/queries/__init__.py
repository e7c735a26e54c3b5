"""Reads: what checks are judged from, and what is collected."""
