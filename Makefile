# `make run` starts BooCode, `make test` checks everything. Both need nothing but a Python of 3.11 or newer.
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory
# Compiled once, BooCode starts in a third of the time.
unexport PYTHONDONTWRITEBYTECODE
PYTHON := .venv/bin/python
# Most tests wait for servers, commands and clocks, so three at a time suit two cores.
PYTEST := $(PYTHON) -m pytest --numprocesses 3 --dist worksteal
# The embedded default, whatever the caller's environment says.
EMBEDDED := env -u DATABASE_URL -u REDIS_URL
SCALED := $(PYTHON) -m tests.scaled --

.PHONY: run test lint types test-python test-scaled test-js test-browser bench format lock clean FORCE

# A replaced checkout or an upgraded Python leaves a .venv that cannot start: make it anew.
ifeq ($(wildcard $(PYTHON)),)
.venv/.runtime .venv/.dev: FORCE
endif

.venv/.runtime: requirements.lock
	@.ci/environment requirements.lock $@

.venv/.dev: tests/requirements.lock
	@.ci/environment tests/requirements.lock $@

run: .venv/.runtime
	@exec $(PYTHON) manage.py serve

test: lint types test-python test-scaled test-js test-browser

lint: .venv/.dev
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .

types: .venv/.dev
	$(PYTHON) -m mypy

# The rules of tests/test_architecture.py are part of it.
test-python: .venv/.dev
	@.ci/tool git
	$(EMBEDDED) $(PYTEST) --ignore=tests/browser

test-scaled: .venv/.dev
	@.ci/tool git
	$(SCALED) $(PYTEST) --ignore=tests/browser

test-js:
	@.ci/tool node
	node --test --test-reporter=spec $(shell find tests/js -name '*.test.js' | sort)

test-browser: .venv/.dev
	@.ci/tool chromium
	$(EMBEDDED) $(PYTEST) tests/browser

bench: .venv/.dev
	$(EMBEDDED) $(PYTHON) -m tests.bench

format: .venv/.dev
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .

# Takes the newest versions that pyproject.toml allows. A lock names no package index, so any mirror serves it.
lock: .venv/.runtime
	@.ci/environment --lock

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
