"""What a rule would have closed in history, and what that is worth."""
