"""Programs that ask the API."""
