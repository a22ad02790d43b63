"""Defines what the API takes and gives for projects, sessions, chats and messages: shapes, limits and error texts."""

import shlex
from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from boocode.web.schema import with_example
from chats.models import Approval, Chat, Message, Project, Rule, Session, Turn
from chats.providers import registry
from chats.providers.base import ModelError
from chats.stream.sanitize import clean
from tools.registry import TOOLS

MAX_MESSAGE_BYTES = 256 * 1024
MAX_WINDOW = 1000
MESSAGE_KINDS = ["message", "build"]
REMOVED_KINDS = ["project", "session"]
NAME_A_FOLDER = "Name a folder, for example /home/me/project."


def check_model(name: str) -> None:
    """Refuse a model that can't be opened. Whether the provider has it, only the provider knows."""
    try:
        registry.open_model(name, settings.MODELS)
    except ModelError as error:
        raise serializers.ValidationError(error.message) from None


class RemovedSerializer(serializers.Serializer[Any]):
    """Gives what lies in the bin."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(REMOVED_KINDS)
    name = serializers.CharField()
    place = serializers.CharField(help_text="The project's folder.")
    removed_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField(help_text="When it is deleted for good.")


class ModelName(serializers.CharField):
    """Takes `provider:model`, or an empty text for the default."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, allow_blank=True, max_length=200, validators=[check_model], **kwargs)


class FolderQuerySerializer(serializers.Serializer[Any]):
    """Takes the beginning of a path."""

    beginning = serializers.CharField(required=False, allow_blank=True, default="", trim_whitespace=False)


class FoldersSerializer(serializers.Serializer[Any]):
    """Gives paths of folders."""

    folders = serializers.ListField(child=serializers.CharField(), help_text="Absolute paths, 30 at most.")


@with_example("A folder", {"root": "/home/me/project"})
class ProjectSerializer(serializers.ModelSerializer[Project]):
    """Takes and gives a project."""

    session_count = serializers.IntegerField(read_only=True, default=0, help_text="How many sessions it has.")

    class Meta:
        model = Project
        fields = ["id", "name", "root", "check_command", "approval", "network", "command_limit_s", "session_count"]
        fields += ["created_at", "updated_at"]
        extra_kwargs = {
            "name": {"required": False},
            "root": {
                "help_text": "An existing folder below one of the allowed roots, as an absolute path.",
                "error_messages": {"required": NAME_A_FOLDER, "blank": NAME_A_FOLDER, "null": NAME_A_FOLDER},
            },
            "approval": {"error_messages": {"invalid_choice": "“{input}” is none of: ask, auto, read_only."}},
        }

    def validate_root(self, root: str) -> str:
        try:
            return str(Project.resolve_root(root))
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from None

    def validate_check_command(self, line: str) -> str:
        try:
            shlex.split(line)
        except ValueError as error:
            raise serializers.ValidationError(f"The check can't be split into words: {error}.") from None
        return line


@with_example("A second chat", {"name": "Tests"})
class ChatSerializer(serializers.ModelSerializer[Chat]):
    """Takes and gives a chat."""

    model = ModelName()

    class Meta:
        model = Chat
        fields = ["id", "session_id", "name", "model", "agent", "status", "created_at"]
        read_only_fields = ["status"]


@with_example("A session", {"project": "01890a5d-ac96-774b-bcce-b302099a8057"})
class SessionSerializer(serializers.ModelSerializer[Session]):
    """Takes and gives a session with its chats."""

    project = serializers.UUIDField(source="project_id", help_text="The id of one of your projects.")
    model = ModelName()
    chats = ChatSerializer(many=True, read_only=True)

    class Meta:
        model = Session
        fields = ["id", "project", "name", "model", "chats", "created_at", "updated_at"]


@with_example("Another name", {"name": "Prices"})
class SessionChangeSerializer(SessionSerializer):
    """Takes changes of a session, which stays with its project: its chats are about that folder."""

    project = serializers.UUIDField(source="project_id", read_only=True)


class MessageText(serializers.CharField):
    """Takes what a person wrote, and cleans it of what no database takes."""

    default_error_messages = {
        "blank": "The message is empty. Write what you want done.",
        "null": "The message is empty. Write what you want done.",
        "invalid": "The message has to be a text.",
        "too_long": (
            "The message is {size} KB long; {limit} KB are allowed. "
            "Put the text into a file of the project and name the file in the message."
        ),
    }

    def to_internal_value(self, data: Any) -> str:
        text = clean(super().to_internal_value(data))
        size = len(text.encode())
        if size > MAX_MESSAGE_BYTES:
            self.fail("too_long", size=f"{size / 1024:,.0f}", limit=MAX_MESSAGE_BYTES // 1024)
        return text


@with_example("A message", {"content": "Run the tests, and mend what fails."})
class SendSerializer(serializers.Serializer[Any]):
    """Takes a message to the agent."""

    content = MessageText(trim_whitespace=False, error_messages={"required": "Write the message into “content”."})
    request_id = serializers.CharField(
        max_length=100,
        required=False,
        allow_blank=True,
        default="",
        help_text="Your own id of the message; sent again, it is the same turn. Empty: none.",
    )

    auto_fix = serializers.BooleanField(
        required=False,
        default=True,
        help_text="Whether the project's check runs after changes.",
    )

    def validate_content(self, content: str) -> str:
        if not content.strip():
            self.fields["content"].fail("blank")
        return content


class TurnSerializer(serializers.ModelSerializer[Turn]):
    """Gives a turn."""

    class Meta:
        model = Turn
        fields = ["id", "chat_id", "request_id", "status", "model", "steps", "error", "auto_fix"]
        fields += ["created_at", "started_at", "finished_at"]


class WindowSerializer(serializers.Serializer[Any]):
    """Takes the query of a list of messages."""

    chat = serializers.UUIDField(required=False, default=None, help_text="Only this chat's.")
    before = serializers.UUIDField(required=False, default=None, help_text="Only what came before this message.")
    limit = serializers.IntegerField(required=False, default=None, min_value=1, max_value=MAX_WINDOW)


@extend_schema_field({"oneOf": [{"type": "object", "additionalProperties": {}}, {"type": "string"}]})
class ArgsField(serializers.JSONField):
    """Gives a call's arguments: a string where the model sent no JSON object."""


class CallSerializer(serializers.Serializer[Any]):
    """Gives a tool call of a message."""

    id = serializers.CharField()
    name = serializers.CharField()
    args = ArgsField()


class ResultSerializer(serializers.Serializer[Any]):
    """Gives what a call gave back."""

    tool_call_id = serializers.CharField()
    output = serializers.CharField()
    truncated = serializers.BooleanField()
    error = serializers.CharField(required=False, allow_null=True)


class MessageSerializer(serializers.Serializer[Any]):
    """Gives a message as here and in a snapshot; PROTOCOL.md, section 2."""

    id = serializers.UUIDField()
    session_id = serializers.UUIDField()
    chat_id = serializers.UUIDField()
    turn_id = serializers.UUIDField(allow_null=True, help_text="The turn it belongs to.")
    role = serializers.ChoiceField(Message.Role.choices)
    content = serializers.CharField()
    kind = serializers.ChoiceField(MESSAGE_KINDS)
    tool_calls = CallSerializer(many=True, allow_null=True)
    tool_results = ResultSerializer(allow_null=True)
    status = serializers.ChoiceField(Message.Status.choices)
    last_seq = serializers.IntegerField()
    tokens_used = serializers.IntegerField(allow_null=True)
    ctx_used = serializers.IntegerField(allow_null=True)
    ctx_max = serializers.IntegerField(allow_null=True)
    cache_tokens = serializers.IntegerField(allow_null=True)
    reasoning_tokens = serializers.IntegerField(allow_null=True)
    model = serializers.CharField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    metadata = serializers.DictField()


class CancelledSerializer(serializers.Serializer[Any]):
    """Gives which turns end."""

    turns = serializers.ListField(child=serializers.UUIDField(), help_text="The ids of the turns that end.")


class SentSerializer(serializers.Serializer[Any]):
    """Gives a message that was sent, and its turn."""

    message = MessageSerializer()
    turn = TurnSerializer()


class ModelChoiceSerializer(serializers.Serializer[Any]):
    """Gives a model that can be chosen."""

    name = serializers.CharField()
    provider = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # shadows the field's own label
    local = serializers.BooleanField()


class ModelsSerializer(serializers.Serializer[Any]):
    """Gives the models that can be chosen."""

    default = serializers.CharField(help_text="What a session without a model asks.")
    choices = ModelChoiceSerializer(many=True)
    notes = serializers.ListField(child=serializers.CharField())


@with_example("Allow it", {"decision": "allow"})
class DecisionSerializer(serializers.Serializer[Any]):
    """Takes the decision on a call."""

    decision = serializers.ChoiceField(Approval.Decision.choices)
    note = serializers.CharField(
        required=False, allow_blank=True, max_length=2000, default="", help_text="With `deny`: what the model is told."
    )
    pattern = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=2000,
        default="",
        help_text="With `always`: which calls to allow from now on; without it, exactly this one.",
    )


class DecidedSerializer(serializers.Serializer[Any]):
    """Gives the decision on a call."""

    decision = serializers.ChoiceField(Approval.Decision.choices)


class ConflictSerializer(serializers.Serializer[Any]):
    """Says why a request can't be carried out now."""

    detail = serializers.CharField()


class OpenedBeforeSerializer(ConflictSerializer):
    """Says that the folder is a project of yours already, and which."""

    project = serializers.UUIDField()


@with_example("Allow the tests", {"tool": "run_command", "pattern": "make test", "verdict": "allow"})
class RuleSerializer(serializers.ModelSerializer[Rule]):
    """Takes and gives a rule."""

    class Meta:
        model = Rule
        fields = ("id", "tool", "pattern", "verdict", "created_at")

    def validate_tool(self, tool: str) -> str:
        if tool not in ("*", *TOOLS):
            raise serializers.ValidationError(f"There is no tool “{tool}”. Choose * or one of: {', '.join(TOOLS)}.")
        return tool

    def validate_pattern(self, pattern: str) -> str:
        try:
            shlex.split(pattern)
        except ValueError as error:
            raise serializers.ValidationError(f"The pattern can't be split into words: {error}.") from None
        return pattern
