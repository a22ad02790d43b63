from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("chats", "0003_hidden_messages"),
    ]

    operations = [
        migrations.AddField(
            model_name="turn",
            name="auto_fix",
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name="turn",
            name="build",
            field=models.JSONField(blank=True, default=dict, help_text="How the project's check stands in this turn."),
        ),
        migrations.AddField(
            model_name="project",
            name="network",
            field=models.BooleanField(
                default=False, help_text="Whether commands may use the network in their sandbox."
            ),
        ),
    ]
