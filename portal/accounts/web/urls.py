"""Addresses of sign-in, of a person's own settings, and of the pages about people."""

from django.urls import include, path

from portal.accounts.web.views import people, sign_in, tokens

people_urls = (
    [
        path("", people.show_people, name="list"),
        path("<uuid:person>/", people.show_person, name="person"),
        path("<uuid:person>/disable/", people.disable, name="disable"),
        path("<uuid:person>/enable/", people.enable, name="enable"),
        path("<uuid:person>/roles/<int:grant>/revoke/", people.revoke_role_view, name="revoke"),
    ],
    "people",
)
urlpatterns = [
    path("login/", sign_in.sign_in, name="login"),
    # Below the sign-in, where the browser sends the cookie that names known devices.
    path("login/password/", sign_in.change, name="change-password"),
    path("logout/", sign_in.sign_out, name="logout"),
    path("preferences/", sign_in.preferences, name="preferences"),
    path("tokens/", tokens.tokens, name="api-tokens"),
    path("tokens/<uuid:token>/rotate/", tokens.rotate, name="rotate-token"),
    path("tokens/<uuid:token>/revoke/", tokens.revoke_token_view, name="revoke-token"),
    path("people/", include(people_urls)),
]
