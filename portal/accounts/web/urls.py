"""Addresses of sign-in and of a person's own settings."""

from django.urls import path

from portal.accounts.web import views

urlpatterns = [
    path("login/", views.sign_in, name="login"),
    path("logout/", views.sign_out, name="logout"),
    path("preferences/", views.preferences, name="preferences"),
]
