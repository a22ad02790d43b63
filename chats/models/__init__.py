"""The rows of a chat: whose it is, what was said, which turn said it, and the log that clients replay."""

from .access import ApiToken, LoginLink
from .approval import Approval, Rule
from .chat import Chat, Session
from .log import LogSlice, SessionLog
from .message import Message
from .project import Project
from .turn import Turn

__all__ = [
    "ApiToken",
    "Approval",
    "Chat",
    "LogSlice",
    "LoginLink",
    "Message",
    "Project",
    "Rule",
    "Session",
    "SessionLog",
    "Turn",
]
