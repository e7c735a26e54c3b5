"""Addresses of the kit: gallery, search, the choice of a theme, numbers and foot of the rail."""

from django.urls import path

from portal.ui import views

app_name = "ui"
urlpatterns = [
    path("ui/", views.gallery, name="gallery"),
    path("ui/theme/", views.theme, name="theme"),
    path("search/", views.search, name="search"),
    path("ui/without-scripts.css", views.without_scripts, name="without-scripts"),
    path("ui/foot/", views.foot, name="foot"),
    path("ui/counts/", views.counts, name="counts"),
    path("ui/frame/<str:layout>/", views.gallery_frame, name="frame"),
]
