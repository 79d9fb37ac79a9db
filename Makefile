# Everything a contributor needs; `make` alone lists it. The first target that needs it sets up .venv.

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
MIN_PYTHON := 3.11

# The newest Python that can make virtual environments; each is asked, as a version manager's shim may be there without its Python.
PYTHON ?= $(shell for name in python3.14 python3.13 python3.12 python3.11 python3; do \
	$$name -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$name && break; done)

# More workers than cores: many tests wait for processes, ports and time-outs.
PYTEST_ARGS ?= -n 6 -m "not slow"

EXTENSION := vscode-extension
# A VS Code in a browser with its own Node, for the tests of the extension; kept between runs.
WORKBENCH ?= $(HOME)/.cache/auto-deployer-workbench

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-all test-extension test-python test-workbench test-pressing vsix vsix-full lint format protocol bench \
	bench-workbench corpus pictures clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "make %-16s %s\n", $$1, $$2 }'

setup: $(STAMP) ## Install the project and its tools into .venv

demo: $(STAMP) ## Deploy a small app from a fresh git repository on this machine
	@$(BIN)/auto-deployer demo

# Quick ones first. `make --keep-going test` runs the others after a failure, too.
test: test-extension test-python test-workbench ## Run all tests

test-extension: $(STAMP) $(EXTENSION)/node_modules tests/workbench/node_modules ## Check and unit-test the VS Code extension
	@cd $(EXTENSION) && npm run --silent gen:check && npm run --silent check && npm test --silent

test-python: $(STAMP) ## Run the tests of server and CLI (PYTEST_ARGS="-k recorder" for a part of them)
	@$(BIN)/python -m pytest $(PYTEST_ARGS)

test-all: PYTEST_ARGS = -n 6
test-all: test ## Run the tests marked slow, too

test-workbench: vsix tests/workbench/node_modules ## Drive the extension in a real VS Code in a headless browser (FILES="ask.test.ts" for a part)
	@tests/workbench/run.sh "$(WORKBENCH)" $(FILES)

test-pressing: vsix tests/workbench/node_modules ## Press everything in the editor, in each state that offers it (PRESSING=1 tells each press)
	@WORKBENCH_JOBS=1 tests/workbench/run.sh "$(WORKBENCH)" "./*.pressing.ts"

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

bench-workbench: vsix tests/workbench/node_modules ## Measure the extension in a real VS Code: activation, and 2,000 commands in the view
	@WORKBENCH_JOBS=1 tests/workbench/run.sh "$(WORKBENCH)" "./*.bench.ts"

corpus: $(STAMP) ## Deploy the public repositories of tests/corpus (CORPUS_ARGS="--kind python go --parallel 2" for a part; --plan-only)
	@$(BIN)/python -m tests.corpus $(CORPUS_ARGS)

pictures: vsix tests/workbench/node_modules ## Take the pictures of the README anew
	@tests/workbench/run.sh "$(WORKBENCH)" ./pictures.ts

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
