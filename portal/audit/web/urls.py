"""Address of the page of the audit record."""

from django.urls import path

from portal.audit.web import views

app_name = "audit"
urlpatterns = [path("", views.audit_record, name="record")]
