# Everything a contributor needs; `make` alone lists it. The first target that needs it sets up .venv.

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
MIN_PYTHON := 3.11

# The newest Python that can make virtual environments; each is asked, as a version manager's shim may be there without its Python.
PYTHON ?= $(shell for name in python3.14 python3.13 python3.12 python3.11 python3; do \
	$$name -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$name && break; done)

PYTEST_ARGS ?= -n 2

EXTENSION := vscode-extension
# A VS Code in a browser with its own Node, for the tests of the extension; kept between runs.
WORKBENCH ?= $(HOME)/.cache/auto-deployer-workbench

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-extension test-workbench vsix vsix-full lint format protocol bench clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "make %-14s %s\n", $$1, $$2 }'

setup: $(STAMP) ## Install the project and its tools into .venv

demo: $(STAMP) ## Deploy a small app from a fresh git repository on this machine
	@$(BIN)/auto-deployer demo

test: $(STAMP) test-extension ## Run the tests (PYTEST_ARGS="-k recorder" for a part of them)
	@$(BIN)/python -m pytest $(PYTEST_ARGS)

test-extension: $(STAMP) $(EXTENSION)/node_modules tests/workbench/node_modules ## Check and unit-test the VS Code extension
	@cd $(EXTENSION) && npm run --silent gen:check && npm run --silent check && npm test --silent

test-workbench: vsix tests/workbench/node_modules ## Drive the extension in a real VS Code in a headless browser (needs chromium)
	@tests/workbench/install-workbench.sh $(WORKBENCH)
	@cd tests/workbench && WORKBENCH=$(WORKBENCH) $(WORKBENCH)/bin/node --test --test-concurrency=1 *.test.ts

vsix: $(STAMP) $(EXTENSION)/node_modules ## Build the VS Code extension's package
	@cd $(EXTENSION) && npm run --silent package

vsix-full: $(STAMP) $(EXTENSION)/node_modules ## The same with every wheel for this platform, for machines without a network
	@cd $(EXTENSION) && npm run --silent package:full

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

# Not `npm ci`: it refuses a lock file that lacks the optional packages of other platforms, which not every registry has.
$(EXTENSION)/node_modules tests/workbench/node_modules: %/node_modules: %/package-lock.json
	@cd $* && npm install --no-save --no-audit --no-fund --loglevel=error && touch node_modules

# Newer than pyproject.toml: nothing to do. pip reads dependency groups from 25.1 on.
$(STAMP): pyproject.toml
	@test -n "$(PYTHON)" || { echo "No Python >= $(MIN_PYTHON) with venv found; install it (Debian: apt install python3-venv) or run make PYTHON=..." >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable . --group dev
	@touch $@
