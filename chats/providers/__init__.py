"""The models behind a chat: one small protocol (`base.py`), the places they come from (`registry.py`).

Nothing here knows Django; settings come in as a `ProviderConfig`. The SDKs are imported when a real model is first
asked.
"""
