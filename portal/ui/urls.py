"""Addresses of the kit: the gallery and the choice of a theme."""

from django.urls import path

from portal.ui import views

app_name = "ui"
urlpatterns = [
    path("ui/", views.gallery, name="gallery"),
    path("ui/theme/", views.theme, name="theme"),
    path("ui/frame/<str:layout>/", views.gallery_frame, name="frame"),
]
