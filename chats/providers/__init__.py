"""The models behind a chat: one small protocol (`base.py`), a row for each provider (`catalog.py`), and the way from a
name to a model (`registry.py`).

Nothing here knows Django; settings come in as a `ProviderConfig`. An HTTP client is imported when a real model is first
asked.
"""
