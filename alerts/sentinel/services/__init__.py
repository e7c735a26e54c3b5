"""What is done to workspaces, and what is noted about how they answer."""
