"""The tests. `make test` runs them all; CONTRIBUTING.md says which part runs what."""
