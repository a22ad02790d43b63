"""Describes the agent snapshot in the API. A snapshot of an older format, or a chat's first, lacks some fields."""

from typing import Any

from rest_framework import serializers

TURN_STATES = ["running", "waiting", "complete", "cancelled", "failed", "interrupted"]
CHECK_STATES = ["passed", "failed", "timeout", "not_checked"]
TODO_STATES = ["open", "doing", "done"]


class TodoItemSerializer(serializers.Serializer[Any]):
    """Gives an item of the agent's list."""

    text = serializers.CharField()
    state = serializers.ChoiceField(TODO_STATES)


class ProblemSerializer(serializers.Serializer[Any]):
    """Gives an error that the project's check found."""

    file = serializers.CharField(allow_null=True)
    line = serializers.IntegerField(allow_null=True)
    code = serializers.CharField(allow_null=True)
    message = serializers.CharField()
    new = serializers.BooleanField(help_text="Whether it is new since the turn's first write.")


class CheckSerializer(serializers.Serializer[Any]):
    """Gives how a turn stands with the project's check."""

    status = serializers.ChoiceField(CHECK_STATES, allow_blank=True)
    command = serializers.CharField()
    reason = serializers.CharField()
    attempts = serializers.IntegerField()
    left = ProblemSerializer(many=True, help_text="The new errors that remain.")
    old = serializers.IntegerField(help_text="How many errors are left from before.")


class TotalsSerializer(serializers.Serializer[Any]):
    """Gives what the conversation used."""

    prompt = serializers.IntegerField(required=False)
    completion = serializers.IntegerField(required=False)
    cache = serializers.IntegerField(required=False)
    reasoning = serializers.IntegerField(required=False)
    cost_usd = serializers.FloatField(allow_null=True, required=False)
    unpriced_steps = serializers.IntegerField(required=False)
    steps = serializers.IntegerField(required=False)


class AgentSnapshotSerializer(serializers.Serializer[Any]):
    """Gives where a chat's agent stands."""

    turn = serializers.UUIDField(required=False)
    status = serializers.ChoiceField(TURN_STATES, required=False)
    step = serializers.IntegerField(required=False)
    position = serializers.UUIDField(required=False, allow_null=True, help_text="The last message.")
    message_id = serializers.UUIDField(required=False, allow_null=True, help_text="The last step's.")
    pending = serializers.ListField(child=serializers.CharField(), required=False, help_text="Calls without a result.")
    approvals = serializers.ListField(child=serializers.UUIDField(), required=False, help_text="Traces that wait.")
    model = serializers.CharField(required=False)
    agent = serializers.CharField(required=False)
    todo = TodoItemSerializer(many=True, required=False)
    build = CheckSerializer(required=False)
    prompt_tokens = serializers.IntegerField(required=False, allow_null=True, help_text="The last step's.")
    completion_tokens = serializers.IntegerField(required=False, allow_null=True, help_text="The last step's.")
    totals = TotalsSerializer()
