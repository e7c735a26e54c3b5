"""The hall: the Django project and what both wings share. It imports neither wing."""
