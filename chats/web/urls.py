"""Maps the addresses of the pages to their views. Those of the API are in boocode/urls.py, under /api."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from chats.accounts.views import PasswordLogin, login_link

from . import views

urlpatterns = [
    path("", views.home, name="home"),
    path("projects", views.submit_folder, name="open_folder"),
    path("projects/<uuid:project_id>/sessions", views.new_session, name="new_session"),
    path("bin/<uuid:pk>/return", views.bring_back, name="bring_back"),
    path("sample", views.create_sample, name="create_sample"),
    path("projects/list", views.project_list, name="project_list"),
    path("sessions/<uuid:session_id>", views.session, name="session"),
    path("sessions/<uuid:session_id>/sidebar", views.sidebar, name="sidebar"),
    path("login", PasswordLogin.as_view(), name="login"),
    path("login/link", login_link, name="login_link"),
    path("logout", LogoutView.as_view(), name="logout"),
]
