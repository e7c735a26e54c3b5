"""Reading what stands around workspaces, asking for changes there, and carrying them out."""
