# Everything a contributor needs; `make` alone lists it. The first target that needs it sets up .venv.

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
MIN_PYTHON := 3.11

# The newest Python that can make virtual environments; each is asked, as a version manager's shim may be there without its Python.
PYTHON ?= $(shell for name in python3.14 python3.13 python3.12 python3.11 python3; do \
	$$name -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$name && break; done)

PYTEST_ARGS ?= -n 2

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint format protocol bench clean

help: ## List the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "make %-8s %s\n", $$1, $$2 }'

setup: $(STAMP) ## Install the project and its tools into .venv

demo: $(STAMP) ## Deploy a small app from a fresh git repository on this machine
	@$(BIN)/auto-deployer demo

test: $(STAMP) ## Run the tests (PYTEST_ARGS="-k recorder" for a part of them)
	@$(BIN)/python -m pytest $(PYTEST_ARGS)

lint: $(STAMP) ## Check style, types and the layers
	@status=0; \
	$(BIN)/ruff check || status=1; \
	$(BIN)/ruff format --check || status=1; \
	$(BIN)/pyright || status=1; \
	$(BIN)/lint-imports || status=1; \
	exit $$status

format: $(STAMP) ## Format, and fix what can be fixed without a decision
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

protocol: $(STAMP) ## Bring the generated parts of protocol.md up to date
	@$(BIN)/python -m auto_deployer.lsp.docs --write protocol.md

bench: $(STAMP) ## Measure against bare baselines; writes bench-results.json
	@$(BIN)/python -m tests.bench

clean: ## Remove .venv and caches
	rm -rf $(VENV) .pytest_cache .hypothesis .ruff_cache .import_linter_cache

# Newer than pyproject.toml: nothing to do. pip reads dependency groups from 25.1 on.
$(STAMP): pyproject.toml
	@test -n "$(PYTHON)" || { echo "No Python >= $(MIN_PYTHON) with venv found; install it (Debian: apt install python3-venv) or run make PYTHON=..." >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable . --group dev
	@touch $@
