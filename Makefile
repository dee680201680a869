# `make` lists the targets. Everything is installed into .venv; nothing outside this folder is changed.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.set-up
EXTRAS := embedded,dev
ARGS   ?=
SOAK_EXAMPLES ?= 2000

.DEFAULT_GOAL := help
.PHONY: help setup run test check fix generate verify bench soak migrate lock clean

help: ## list the targets
	@echo "Meantime. Targets of make:"
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/  \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-10s %s\n", $$1, $$2 }'

setup: $(STAMP) ## install everything into .venv (PYTHON=python3.12 picks another Python)
	@:

run: setup ## set up, then run everything on this machine until Ctrl-C (ARGS="--split")
	@exec $(BIN)/meantime up $(ARGS)

test: setup ## set up, then run all tests on real servers (ARGS="tests/libs -k name")
	@exec $(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

check: setup ## format, lint, types, layers, style: what must pass before a commit
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m pytest -q -n0 tests/test_tidy.py

fix: setup ## put format and what lint can right
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

generate: setup ## write what is made from code and committed: tests/golden/schema.graphql
	@exec $(BIN)/python -m gateway.schema generate tests/golden/schema.graphql

verify: setup ## say whether what `make generate` writes is up to date
	@exec $(BIN)/python -m gateway.schema verify tests/golden/schema.graphql

bench: $(STAMP) ## measure: start, memory, ingest, backtest; figures as ratios
	@$(BIN)/python -c 'import pandas, timegrid' 2>/dev/null || $(MAKE) --no-print-directory setup EXTRAS=$(EXTRAS),bench STAMP=$(VENV)/.set-up-bench
	@for script in $$(cd tests/benchmarks && ls *.py | sed 's/\.py$$//'); do \
		$(BIN)/python -m tests.benchmarks.$$script $(ARGS) || exit 1; \
	done

soak: setup ## look for rare faults: many more examples of every property
	@MEANTIME_HYPOTHESIS_EXAMPLES=$(SOAK_EXAMPLES) exec $(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

migrate: setup ## bring the database of DATABASE_URL, or of a running `make run`, up to date
	@exec $(BIN)/meantime migrate $(ARGS)

lock: setup ## renew constraints.txt from pyproject.toml (needs uv)
	@{ echo "# Every package of every extra and of the set-up, pinned for Python 3.11 to 3.13. Made by \`make lock\`."; \
	   printf 'hatchling>=1.27\nuv\n' | $(if $(UV),$(UV),$(BIN)/uv) pip compile pyproject.toml - --all-extras --universal \
	     --python-version 3.11 --no-header --no-annotate --no-emit-index-url --quiet; } > constraints.new
	@mv constraints.new constraints.txt

clean: ## remove .venv and caches (what lies in .data stays)
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist constraints.new
	find libs services tests -name __pycache__ -type d -prune -exec rm -rf {} +

# --- set-up -----------------------------------------------------------------------------------------------------
# uv, where it is on PATH, makes the environment and fills it; else Python's venv and pip do, with a uv from pip if
# that can be had, since it is several times as quick.

UV := $(shell command -v uv 2>/dev/null)

$(STAMP): pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null 2>&1 || { \
		echo "make: $(PYTHON) is not to be found: install Python 3.11 or later, or name one: make $(MAKECMDGOALS) PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "make: $(PYTHON) is `$(PYTHON) -V 2>&1`, and 3.11 or later is needed: name one: make $(MAKECMDGOALS) PYTHON=python3.11" >&2; exit 1; }
	@rm -f $(VENV)/.set-up*
ifneq ($(UV),)
	@$(UV) venv --quiet --allow-existing --python "$$(command -v $(PYTHON))" $(VENV)
	@UV_BUILD_CONSTRAINT=constraints.txt $(UV) pip install --quiet --python $(BIN)/python -c constraints.txt -e '.[$(EXTRAS)]'
else
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "make: $(PYTHON) has no venv: install it (Debian, Ubuntu: apt install python3-venv), or install uv, then run make $(MAKECMDGOALS) again" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) install -c constraints.txt uv >/dev/null 2>&1 || true
	@{ test -x $(BIN)/uv && UV_HTTP_RETRIES=0 UV_BUILD_CONSTRAINT=constraints.txt $(BIN)/uv pip install --quiet \
		--python $(BIN)/python -c constraints.txt -e '.[$(EXTRAS)]' 2>/dev/null; } \
	|| PIP_CONSTRAINT=constraints.txt $(PIP) install -e '.[$(EXTRAS)]'
endif
	@touch $@

PIP = $(BIN)/python -m pip --quiet --disable-pip-version-check --no-input
