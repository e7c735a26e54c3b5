"""Candidates over REST."""
