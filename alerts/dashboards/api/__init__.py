"""Workspaces and the state of the installation over REST."""
