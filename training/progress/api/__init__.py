"""Modules, one's own results and a team's totals over REST."""
