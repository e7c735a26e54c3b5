"""Pure thinking about workspaces: what is wrong with an input, how long to wait."""
