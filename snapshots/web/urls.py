from django.urls import path

from . import views

urlpatterns = [path("chats/<uuid:chat_id>/timeline", views.chat_timeline, name="chat_timeline")]
