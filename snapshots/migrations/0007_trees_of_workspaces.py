import django.db.models.deletion
from django.db import migrations, models

# A project's own workspace has the project's id, so the column changes its name and what it points to, not its values.
WORKSPACE = {"on_delete": django.db.models.deletion.CASCADE, "to": "chats.workspace"}


class Migration(migrations.Migration):
    dependencies = [
        ("chats", "0008_every_chat_has_a_workspace"),
        ("snapshots", "0006_snapshots_without_sums"),
    ]

    operations = [
        migrations.RemoveConstraint("restoration", "one_open_restore_a_project"),
        migrations.RemoveIndex("checkpoint", "checkpoint_pending"),
        migrations.RemoveIndex("checkpoint", "checkpoint_kept"),
        migrations.RenameField("checkpoint", "project", "workspace"),
        migrations.RenameField("restoration", "project", "workspace"),
        migrations.RenameField("quota", "project", "workspace"),
        migrations.AlterField("checkpoint", "workspace", models.ForeignKey(**WORKSPACE, related_name="+")),
        migrations.AlterField("restoration", "workspace", models.ForeignKey(**WORKSPACE, related_name="+")),
        migrations.AlterField(
            "quota",
            "workspace",
            models.OneToOneField(**WORKSPACE, primary_key=True, related_name="checkpoint_quota", serialize=False),
        ),
        migrations.AddIndex(
            "checkpoint",
            models.Index(
                condition=models.Q(("files", "pending")), fields=["workspace", "id"], name="checkpoint_pending"
            ),
        ),
        migrations.AddIndex(
            "checkpoint",
            models.Index(condition=models.Q(("files", "kept")), fields=["workspace", "id"], name="checkpoint_kept"),
        ),
        migrations.AddConstraint(
            "restoration",
            models.UniqueConstraint(
                condition=models.Q(("state__in", ("planned", "files"))),
                fields=("workspace",),
                name="one_open_restore_a_workspace",
            ),
        ),
    ]
