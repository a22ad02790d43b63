from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("traces", "0004_steps_with_their_own_id"),
    ]

    operations = [
        migrations.AddField(
            model_name="tooltrace",
            name="decided_by",
            field=models.TextField(blank=True, help_text="The rule or reason that let it run, or not.", default=""),
            preserve_default=False,
        ),
    ]
