"""Describes the shapes of traces, turns and totals in the API; trace_json.py and usage.py make the values."""

from typing import Any

from drf_spectacular.utils import inline_serializer
from rest_framework import serializers

from traces.models import ModelStep, ToolTrace, TurnSummary
from traces.read.paging import Query


class LinesSerializer(Query):
    from_line = serializers.IntegerField(required=False, default=1, min_value=1, help_text="The first line is 1.")
    lines = serializers.IntegerField(required=False, default=None, min_value=1, help_text="How many; all if absent.")


class TokensSerializer(serializers.Serializer[Any]):
    """Of the model step that made the call; null where the provider did not say."""

    prompt = serializers.IntegerField(allow_null=True)
    completion = serializers.IntegerField(allow_null=True)
    cache = serializers.IntegerField(allow_null=True)
    reasoning = serializers.IntegerField(allow_null=True)


class TraceSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    chat_id = serializers.UUIDField()
    message_id = serializers.UUIDField()
    turn = serializers.UUIDField()
    step = serializers.IntegerField()
    tool_call_id = serializers.CharField()
    tool = serializers.CharField()
    status = serializers.ChoiceField(choices=ToolTrace.Status.choices)
    waiting = serializers.BooleanField(help_text="Whether it waits for a person's decision.")
    input = serializers.JSONField()
    output = serializers.CharField()
    output_bytes = serializers.IntegerField()
    truncated = serializers.BooleanField()
    error = serializers.CharField(allow_null=True)
    exit_code = serializers.IntegerField(allow_null=True)
    started_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    duration_ms = serializers.FloatField(allow_null=True)
    wait_ms = serializers.FloatField(help_text="Of it, the time spent waiting for an approval.")
    queue_ms = serializers.FloatField(help_text="From the model's answer to this call's turn.")
    model_ms = serializers.FloatField(allow_null=True, help_text="The model's answer that asked for it.")
    tokens = TokensSerializer()
    cost_usd = serializers.FloatField(allow_null=True, help_text="Null where the price is unknown.")
    model = serializers.CharField()
    decided_by = serializers.CharField(allow_null=True, help_text="The rule or reason that let it run, or not.")
    context_tokens = serializers.IntegerField(
        allow_null=True, help_text="What its result added to the next prompt; null where unknown."
    )
    carried_steps = serializers.IntegerField(allow_null=True, help_text="Requests since then that carried it.")


class ListedTraceSerializer(TraceSerializer):
    cut = serializers.ListField(child=serializers.ChoiceField(choices=["input", "output"]))


def page_of(name: str, entry: type[serializers.Serializer[Any]]) -> Any:
    """Returns the shape of a page of a list."""
    return inline_serializer(
        name,
        {
            "next": serializers.URLField(allow_null=True),
            "previous": serializers.URLField(allow_null=True),
            "results": entry(many=True),
        },
    )


# --- Turns -----------------------------------------------------------------------------------------------------------


class StepSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    purpose = serializers.ChoiceField(choices=ModelStep.Purpose.choices, help_text="What the model was asked for.")
    message_id = serializers.UUIDField(allow_null=True, help_text="The message that shows it; only answers have one.")
    chat_id = serializers.UUIDField()
    turn = serializers.UUIDField(allow_null=True)
    number = serializers.IntegerField()
    model = serializers.CharField()
    status = serializers.ChoiceField(choices=ModelStep.Status.choices)
    started_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    duration_ms = serializers.FloatField(allow_null=True)
    first_token_ms = serializers.FloatField(allow_null=True)
    tokens = TokensSerializer()
    cost_usd = serializers.FloatField(allow_null=True, help_text="Null where the price is unknown.")
    calls = serializers.IntegerField()
    error = serializers.CharField(allow_null=True)
    finish_reason = serializers.CharField(allow_null=True)


class TurnSummarySerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    chat_id = serializers.UUIDField()
    title = serializers.CharField(help_text="The first words of what the person wrote.")
    model = serializers.CharField()
    status = serializers.ChoiceField(choices=TurnSummary.Status.choices)
    queued_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    duration_ms = serializers.FloatField(allow_null=True)
    queue_ms = serializers.FloatField()
    wait_ms = serializers.FloatField()
    model_ms = serializers.FloatField()
    tool_ms = serializers.FloatField()
    steps = serializers.IntegerField()
    calls = serializers.IntegerField()
    failures = serializers.IntegerField()
    tokens = TokensSerializer()
    cost_usd = serializers.FloatField(allow_null=True, help_text="Null where no step's price is known.")
    unpriced_steps = serializers.IntegerField(help_text="Steps whose price is unknown: not in the cost.")
    last_error = serializers.CharField(allow_null=True)


# --- Totals ----------------------------------------------------------------------------------------------------------


class DaysSerializer(Query):
    since = serializers.DateField(required=False, help_text="The first day (UTC).")
    until = serializers.DateField(required=False, help_text="The last day (UTC).")


class ExportSerializer(Query):
    format = serializers.ChoiceField(
        choices=["otlp", "csv"],
        error_messages={"invalid_choice": "“{input}” is none of: otlp, csv.", "required": "Say which: otlp or csv."},
    )


class SpansSerializer(serializers.Serializer[Any]):
    """An ExportTraceServiceRequest of OTLP, in its JSON encoding."""

    resourceSpans = serializers.ListField(child=serializers.DictField())  # noqa: N815  OTLP's own name


class ToolUsageSerializer(serializers.Serializer[Any]):
    tool = serializers.CharField()
    calls = serializers.IntegerField()
    errors = serializers.IntegerField()  # type: ignore[assignment]
    duration_ms = serializers.FloatField()
    p50_ms = serializers.FloatField(allow_null=True)
    p95_ms = serializers.FloatField(allow_null=True)
    wait_ms = serializers.FloatField()


class ModelSpentSerializer(serializers.Serializer[Any]):
    model = serializers.CharField()
    steps = serializers.IntegerField()
    tokens = TokensSerializer()
    cost_usd = serializers.FloatField(allow_null=True)
    unpriced_steps = serializers.IntegerField()


class ModelUsageSerializer(ModelSpentSerializer):
    errors = serializers.IntegerField()  # type: ignore[assignment]
    duration_ms = serializers.FloatField()
    p50_ms = serializers.FloatField(allow_null=True)
    p95_ms = serializers.FloatField(allow_null=True)


class DayUsageSerializer(serializers.Serializer[Any]):
    day = serializers.DateField()
    calls = serializers.IntegerField()
    errors = serializers.IntegerField()  # type: ignore[assignment]
    models = ModelSpentSerializer(many=True)


class UsageSerializer(serializers.Serializer[Any]):
    turns = serializers.DictField(child=serializers.IntegerField(), help_text="How many, by status.")
    calls = serializers.IntegerField()
    errors = serializers.IntegerField(help_text="Of the calls.")  # type: ignore[assignment]
    steps = serializers.IntegerField()
    model_ms = serializers.FloatField()
    tool_ms = serializers.FloatField()
    wait_ms = serializers.FloatField()
    tokens = TokensSerializer()
    cost_usd = serializers.FloatField(allow_null=True)
    unpriced_steps = serializers.IntegerField()
    by_tool = ToolUsageSerializer(many=True)
    by_model = ModelUsageSerializer(many=True)
    by_day = DayUsageSerializer(many=True)
