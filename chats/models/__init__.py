"""Defines the rows of projects, sessions, chats, messages, turns and approvals, and the log that clients replay."""

from .access import ApiToken, LoginLink
from .approval import Approval, Rule
from .chat import Chat, Session
from .data_directory import DataDirectory
from .log import LogSlice, SessionLog
from .message import Message
from .project import Project
from .turn import Turn
from .workspace import Workspace

__all__ = [
    "ApiToken",
    "Approval",
    "Chat",
    "DataDirectory",
    "LogSlice",
    "LoginLink",
    "Message",
    "Project",
    "Rule",
    "Session",
    "SessionLog",
    "Turn",
    "Workspace",
]
