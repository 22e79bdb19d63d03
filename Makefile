# Everything runs from .venv, which the targets make themselves. `make PYTHON=python3.13 test` picks another Python.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
# Editable installations carry no kernels (hatch_build.py), so building them need not install what compiles.
export PCAPFRAME_KERNELS := none

.PHONY: help demo test test-oldest kernels-oldest fuzz lint docs bench bench-plots bench-explorer bench-mcp bench-cluster browser lab clean

help: ## Show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: $(VENV)/installed ## Analyse a capture that ships with the project
	$(BIN)/pcapframe analyze data/resets.pcap

test: $(VENV)/installed-dev ## Run every test (ARGS="-k word" for some)
	$(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

# The stages and the charts, which lean on private parts of Numba and matplotlib; `make test` has the newest versions, and
# all parameters, captures of others and programs to compare with: what differs by version is seen without these.
OLDEST := --each-once -m "not fuzz and not corpus and not needs_program"
OLDEST += tests/test_jit.py tests/test_kernel_cache.py tests/test_packets.py tests/plots tests/segments tests/connections tests/patterns tests/analysis
# The registry of patterns is tested in the explorer, reports and the MCP server, which need further packages.
OLDEST += --ignore tests/patterns/test_registry.py
# matplotlib 3.10 puts the label of a time axis one pixel lower where a figure is drawn in again.
OLDEST += --deselect "tests/plots/test_canvas.py::test_nothing_is_left_of_what_was_drawn_before[retransmission_timeline]"
OLDEST += --deselect tests/analysis/test_conversations.py::test_a_million_turns
OLD_CACHE := PCAPFRAME_CACHE_DIR=$(abspath $(VENV)-oldest)
test-oldest: kernels-oldest ## Test the core with the oldest versions that pyproject.toml allows
	PYTHONPATH=. $(OLD_CACHE) $(VENV)-oldest/bin/python -m pytest -n auto $(OLDEST) $(ARGS)

# Numba does not tell kernels with bounds checks from those without, so they need a cache of their own.
CHECKED := NUMBA_BOUNDSCHECK=1 PCAPFRAME_CACHE_DIR=$(abspath $(VENV))/bounds-checked
FILES ?= 1000000
fuzz: $(VENV)/installed-dev ## Run the property tests for longer, read damaged captures (FILES=1000000), measure costly input
	$(CHECKED) $(BIN)/python -m pytest -n auto -m fuzz --hypothesis-profile=fuzz $(ARGS)
	$(CHECKED) $(BIN)/python -m benchmarks.mutate --seed 2 --files $$(($(FILES) / 20)) --analyze $$(($(FILES) / 400))
	$(BIN)/python -m benchmarks.mutate --files $(FILES) --analyze $$(($(FILES) / 20))
	$(BIN)/python benchmarks/costly_input.py

kernels-oldest: $(VENV)-oldest/installed
	@# Compiled once, not in each of pytest's processes.
	@PYTHONPATH=. $(OLD_CACHE) $(VENV)-oldest/bin/python -m pcapframe analyze data/resets.pcap > $(VENV)-oldest/analysis.txt

lint: $(VENV)/installed-dev ## Check style, types and the floors of the architecture
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

docs: $(VENV)/installed-docs ## Build the documentation into docs/build/html, and as one archive
	$(BIN)/python -m sphinx -q -W --keep-going -b html -d docs/build/trees docs docs/build/html
	$(BIN)/python docs/links.py docs/build/html
	cd docs/build && $(abspath $(BIN))/python -m zipfile -c pcapframe-docs.zip html

bench: $(VENV)/installed-dev ## Measure speed and memory beside other tools (ARGS="--help" for options)
	$(BIN)/python benchmarks/bench.py $(ARGS)

bench-plots: $(VENV)/installed-dev ## Measure how long each chart takes to draw (ARGS="--help" for options)
	$(BIN)/python benchmarks/bench_plots.py $(ARGS)

bench-explorer: $(VENV)/installed-dev ## Measure how soon the explorer shows a filter (ARGS="--help" for options)
	$(BIN)/python benchmarks/bench_explorer.py $(ARGS)

bench-mcp: $(VENV)/installed-dev ## Measure the MCP server's answers over stdio (ARGS="--help" for options)
	$(BIN)/python benchmarks/bench_mcp.py $(ARGS)

bench-cluster: $(VENV)/installed-dev ## Measure a cluster of one worker and of two (ARGS="--fan-out" plans large ones)
	$(BIN)/python -m benchmarks.bench_cluster $(ARGS)

browser: $(BIN)/python ## Fetch by npm what draws charts in a browser (version and checksum: .ci/browser_files.py)
	$(BIN)/python .ci/browser_files.py

lab: $(VENV)/installed-dev ## Make captures with known truth and score labels by them (Linux, root)
	$(BIN)/python data/ground_truth.py $(ARGS)

clean: ## Remove the environment, caches and captures made by bench and lab
	rm -rf $(VENV) $(VENV)-oldest docs/build docs/made docs/gallery pcapframe/kernels .lab .screenshots benchmarks/.cache dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
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

$(VENV)/installed-docs: pyproject.toml | $(BIN)/python
	@echo "Installing what builds the documentation into $(VENV), about a minute"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[dev,docs]"
	@touch $(VENV)/installed $(VENV)/installed-dev $@

$(VENV)-oldest/installed: pyproject.toml .ci/oldest.py | $(BIN)/python
	@echo "Installing the oldest versions into $(VENV)-oldest, about a minute"
	@$(BIN)/python -m venv $(VENV)-oldest
	@$(BIN)/python .ci/oldest.py > $(VENV)-oldest/requirements.txt
	@$(VENV)-oldest/bin/python -m pip install --quiet --disable-pip-version-check -r $(VENV)-oldest/requirements.txt
	@touch $@
