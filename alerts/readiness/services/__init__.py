"""Reading what surrounds workspaces, asking for changes there, and carrying them out."""
