"""Addresses of sign-in and of a person's own settings."""

from django.urls import path

from portal.accounts.web import password, sign_in, tokens, views

urlpatterns = [
    path("login/", sign_in.sign_in, name="login"),
    # Below the sign-in, where the browser sends the cookie that names known devices.
    path("login/password/", password.change, name="change-password"),
    path("logout/", views.sign_out, name="logout"),
    path("preferences/", views.preferences, name="preferences"),
    path("tokens/", tokens.tokens, name="api-tokens"),
    path("tokens/<uuid:token>/rotate/", tokens.rotate, name="rotate-token"),
    path("tokens/<uuid:token>/revoke/", tokens.revoke, name="revoke-token"),
]
