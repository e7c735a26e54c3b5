"""Pure thinking about reviews: why an alert may have been raised. No Django, no clock."""
