"""A model that plays a script: for tests, and for a first look without a key."""
