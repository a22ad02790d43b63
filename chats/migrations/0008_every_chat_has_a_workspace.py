import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    # Apart from the rows: PostgreSQL changes no table that has foreign keys to check in the same transaction.
    dependencies = [
        ("chats", "0007_workspaces"),
    ]

    operations = [
        migrations.AlterField(
            model_name="chat",
            name="workspace",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="chats", to="chats.workspace"
            ),
        ),
    ]
