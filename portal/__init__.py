"""The hall: the Django project and what both wings share. It knows neither wing."""
