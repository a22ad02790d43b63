"""Defines the forms of the pages."""

from typing import Any

from django import forms

from chats.models import Project


class OpenFolderForm(forms.Form):
    """Takes the path of a folder that BooCode may work in."""

    root = forms.CharField(max_length=4096, error_messages={"required": "Name a folder, for example /home/me/project."})

    def clean_root(self) -> Any:
        try:
            return str(Project.resolve_root(self.cleaned_data["root"]))
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None
