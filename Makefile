# Every target sets up the environment by itself, from a plain Python:
#   make test
#   make test PYTHON=python3.13 VENV=/tmp/venv313

PYTHON ?= python3
VENV ?= .venv

BIN := $(VENV)/bin
INSTALLED := $(VENV)/.csc-dspy-installed
EXTRAS := $(VENV)/.csc-dspy-extras-installed
# One version instead of the newest: where the package index has its build for processors alone, that is taken,
# and no gigabytes for GPUs come along.
TORCH ?= torch==2.13.0
SOURCES := csc_dspy signatures optimizers tests benchmarks
# What is skipped where an extra is not installed.
TESTS_OF_EXTRAS := tests/metrics/neural tests/lm/local tests/finetuning/huggingface tests/finetuning/extras tests/roleplay/ray

# Files of tests side by side, one for each processor, but not more than helps.
SIDE_BY_SIDE := --numprocesses auto --maxprocesses 4 --dist loadfile

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test test-all check format build bench artifacts clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

demo: $(INSTALLED) ## compile the support agent offline, evaluate it, write runs/demo/report.html
	$(BIN)/csc-dspy demo

test: check ## check, then all tests with branch coverage
	$(BIN)/python -m pytest --cov $(SIDE_BY_SIDE)

test-all: test $(EXTRAS) ## test, then the tests of what needs the extras
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) $(TESTS_OF_EXTRAS)

check: $(INSTALLED) ## lint, formatting and types
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy

format: $(INSTALLED) ## mend what can be mended by itself
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

build: $(INSTALLED) ## wheel and source distribution into dist/
	$(BIN)/python -m build --no-isolation

bench: $(INSTALLED) ## how quickly the command line starts
	$(BIN)/python benchmarks/startup.py

artifacts: $(INSTALLED) ## compile the programs that come with the package anew
	$(BIN)/python -m csc_dspy.optimizers.packaged artifacts

clean: ## remove what building and testing left behind, but not the environment
	rm -rf build dist *.egg-info .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find $(SOURCES) -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamp is written last, so an installation that broke off is taken up again.
$(INSTALLED): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null \
	  || { echo "$(PYTHON) is not there or older than Python 3.10; name another: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	  || { echo "$(PYTHON) cannot make environments: install its venv package (on Debian: python3-venv)" >&2; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv $(VENV)
	@echo "Installing csc-dspy and its tools into $(VENV) (a few minutes the first time) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[dev]"
	@touch $@

$(EXTRAS): $(INSTALLED)
	@echo "Installing the extras into $(VENV) ..."
	@$(BIN)/python -c 'import torch' 2>/dev/null \
	  || $(BIN)/python -m pip install --quiet --disable-pip-version-check "$(TORCH)" \
	  || $(BIN)/python -m pip install --quiet --disable-pip-version-check torch
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[dev,neural,train,ray]"
	@touch $@
