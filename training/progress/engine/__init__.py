"""When a question comes back, and how sure a share is. No Django."""
