"""Addresses of the inbox and of the demo's mailbox."""

from django.urls import path

from portal.notifications.web import views

app_name = "notifications"
urlpatterns = [
    path("inbox/", views.inbox, name="inbox"),
    path("inbox/read/", views.mark_read_view, name="read"),
    path("inbox/<int:line>/", views.follow, name="follow"),
    path("demo/mail/", views.mails, name="mailbox"),
    path("demo/mail/<str:name>/<int:place>/", views.mail, name="mail"),
]
