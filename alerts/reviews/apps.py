from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    name = "alerts.reviews"
    label = "reviews"
