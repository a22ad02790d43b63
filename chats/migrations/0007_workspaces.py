import django.db.models.deletion
import uuid6
from django.db import migrations, models
from django.db.models import OuterRef, Subquery


def add_workspaces(apps, schema_editor):
    """Gives every project a workspace with the project's own id, and every chat the workspace of its project."""
    projects = apps.get_model("chats", "Project").objects.only("id", "created_at").iterator()
    workspaces = apps.get_model("chats", "Workspace")
    workspaces.objects.bulk_create((workspaces(id=project.id, project=project) for project in projects), batch_size=500)
    sessions = apps.get_model("chats", "Session").objects.filter(pk=OuterRef("session_id"))
    apps.get_model("chats", "Chat").objects.update(workspace_id=Subquery(sessions.values("project_id")))


class Migration(migrations.Migration):
    dependencies = [
        ("chats", "0006_fewer_indexes"),
    ]

    operations = [
        migrations.CreateModel(
            name="Workspace",
            fields=[
                ("id", models.UUIDField(default=uuid6.uuid7, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[("project", "Project"), ("copy", "Copy")], default="project", max_length=10
                    ),
                ),
                (
                    "copy_root",
                    models.CharField(blank=True, help_text="The folder of a copy.", max_length=4096),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="workspaces", to="chats.project"
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "project")),
                        fields=("project",),
                        name="one_workspace_of_the_project_itself",
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="chat",
            name="workspace",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.CASCADE, related_name="chats", to="chats.workspace"
            ),
        ),
        migrations.RunPython(add_workspaces, migrations.RunPython.noop, elidable=False),
    ]
