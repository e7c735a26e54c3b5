"""The pages of the lesson editor."""
