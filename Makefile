# Everything runs from .venv, which the targets make themselves. `make PYTHON=python3.13 test` picks another Python.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

.PHONY: help demo test fuzz lint bench bench-plots bench-explorer bench-mcp lab clean

help: ## Show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: $(VENV)/installed ## Analyse a capture that ships with the project
	$(BIN)/pcapframe analyze data/resets.pcap

test: $(VENV)/installed-dev ## Run every test (ARGS="-k word" for some)
	$(BIN)/python -m pytest $(ARGS)

# Numba does not tell kernels with bounds checks from those without, so they need a cache of their own.
fuzz: $(VENV)/installed-dev ## Run the property tests for longer, with bounds checks in the kernels
	NUMBA_BOUNDSCHECK=1 PCAPFRAME_CACHE_DIR=$(abspath $(VENV))/bounds-checked \
		$(BIN)/python -m pytest -m fuzz --hypothesis-profile=fuzz $(ARGS)

lint: $(VENV)/installed-dev ## Check style, types and the floors of the architecture
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

bench: $(VENV)/installed-dev ## Measure speed and memory beside other tools (ARGS="--help" for options)
	$(BIN)/python benchmarks/bench.py $(ARGS)

bench-plots: $(VENV)/installed-dev ## Measure how long each chart takes to draw (ARGS="--help" for options)
	$(BIN)/python benchmarks/bench_plots.py $(ARGS)

bench-explorer: $(VENV)/installed-dev ## Measure how soon the explorer shows a filter (ARGS="--help" for options)
	$(BIN)/python benchmarks/bench_explorer.py $(ARGS)

bench-mcp: $(VENV)/installed-dev ## Measure the MCP server's answers over stdio (ARGS="--help" for options)
	$(BIN)/python benchmarks/bench_mcp.py $(ARGS)

lab: $(VENV)/installed-dev ## Make captures with known truth and score labels by them (Linux, root)
	$(BIN)/python data/ground_truth.py $(ARGS)

clean: ## Remove the environment, caches and captures made by bench and lab
	rm -rf $(VENV) .lab .screenshots benchmarks/.cache dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@command -v $(PYTHON) > /dev/null || { echo "$(PYTHON) is not installed; try make PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "pcapframe needs Python 3.11 or newer, $(PYTHON) is $$($(PYTHON) --version); try make PYTHON=python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

# A stamp file stands for each finished installation, so that a second run installs nothing.
$(VENV)/installed: pyproject.toml | $(BIN)/python
	@echo "Installing pcapframe into $(VENV), about a minute"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/installed-dev: pyproject.toml | $(BIN)/python
	@echo "Installing pcapframe and its test tools into $(VENV), about a minute"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[dev]"
	@touch $(VENV)/installed $@
