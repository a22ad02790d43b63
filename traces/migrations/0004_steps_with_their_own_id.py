"""Gives a model step an id of its own, so that a request need not be a shown message.

Changing a primary key in place is not possible on SQLite, so the rows go through a plain copy. A step that is there
already keeps its message's id as its own: ids stay in the order of time, and the spans made of them keep their ids.
"""

import django.db.models.deletion
import uuid6
from django.db import migrations, models

TABLE, COPY = "traces_modelstep", "traces_modelstep_copy"
COLUMNS = ", ".join(
    "message_id chat_id turn_id number model status started_at first_token_at finished_at duration_ms error "
    "finish_reason calls era position prompt_tokens completion_tokens cache_tokens reasoning_tokens cost_usd".split()
)


def copy_rows(condition: str = "") -> str:
    return f"CREATE TABLE {COPY} AS SELECT {COLUMNS} FROM {TABLE}{condition}"


class Migration(migrations.Migration):
    dependencies = [
        ("chats", "0006_fewer_indexes"),
        ("traces", "0003_longer_duration_index"),
    ]

    operations = [
        migrations.RunSQL(
            [copy_rows()],
            [f"INSERT INTO {TABLE} ({COLUMNS}) SELECT {COLUMNS} FROM {COPY}", f"DROP TABLE {COPY}"],
        ),
        migrations.DeleteModel("ModelStep"),
        migrations.CreateModel(
            name="ModelStep",
            fields=[
                ("id", models.UUIDField(default=uuid6.uuid7, editable=False, primary_key=True, serialize=False)),
                (
                    "message",
                    models.OneToOneField(
                        blank=True,
                        help_text="That shows it.",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="model_step",
                        to="chats.message",
                    ),
                ),
                (
                    "chat",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="model_steps",
                        to="chats.chat",
                    ),
                ),
                (
                    "turn",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="model_steps",
                        to="chats.turn",
                    ),
                ),
                (
                    "purpose",
                    models.CharField(
                        choices=[
                            ("answer", "Answer"),
                            ("summary", "Summary"),
                            ("title", "Title"),
                            ("judge", "Judge"),
                        ],
                        default="answer",
                        max_length=10,
                    ),
                ),
                ("number", models.IntegerField(default=0, help_text="Of the turn's answers, from 1 on.")),
                ("model", models.CharField(blank=True, max_length=200)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("running", "Running"),
                            ("ok", "Ok"),
                            ("error", "Error"),
                            ("cancelled", "Cancelled"),
                            ("interrupted", "Interrupted"),
                        ],
                        default="running",
                        max_length=12,
                    ),
                ),
                ("started_at", models.DateTimeField()),
                ("first_token_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("duration_ms", models.FloatField(blank=True, null=True)),
                ("error", models.TextField(blank=True)),
                ("finish_reason", models.CharField(blank=True, max_length=40)),
                ("calls", models.IntegerField(default=0, help_text="Tool calls that it asked for.")),
                ("era", models.IntegerField(blank=True, null=True)),
                ("position", models.IntegerField(blank=True, null=True)),
                ("prompt_tokens", models.IntegerField(blank=True, null=True)),
                ("completion_tokens", models.IntegerField(blank=True, null=True)),
                ("cache_tokens", models.IntegerField(blank=True, null=True)),
                ("reasoning_tokens", models.IntegerField(blank=True, null=True)),
                ("cost_usd", models.DecimalField(blank=True, decimal_places=8, max_digits=14, null=True)),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [
                    models.Index(fields=["turn", "id"], name="step_by_turn"),
                    models.Index(fields=["chat", "era", "position"], name="step_by_context"),
                ],
            },
        ),
        migrations.RunSQL(
            [
                f"INSERT INTO {TABLE} (id, purpose, {COLUMNS}) SELECT message_id, 'answer', {COLUMNS} FROM {COPY}",
                f"DROP TABLE {COPY}",
            ],
            # The version before has no place for the requests that no message shows.
            [copy_rows(" WHERE message_id IS NOT NULL AND turn_id IS NOT NULL")],
        ),
    ]
