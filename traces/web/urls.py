"""Lists the addresses of the pages; the addresses of the API are in boocode/urls.py."""

from django.urls import path

from . import views

urlpatterns = [
    path("traces", views.dashboard, name="dashboard"),
    path("chats/<uuid:chat_id>/traces", views.chat_traces, name="chat_traces"),
    path("sessions/<uuid:session_id>/traces", views.session_traces, name="session_traces"),
]
