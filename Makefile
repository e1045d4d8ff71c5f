# What can be done here; needs make and Python 3.11 or newer, nothing else. `make help` lists it.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
# The stamps lie inside the environment: whoever deletes it deletes them too.
LIGHT := $(VENV)/.installed
TRAIN := $(VENV)/.installed-train
DEV := $(VENV)/.installed-dev

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test lint docs train bench clean

help: ## list what can be done
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(LIGHT) ## draw the sounds of the example photos into soundscapes/
	$(BIN)/photowave generate data/examples --out soundscapes --overwrite

test: lint docs ## check everything: style, types, layers, docs, tests and their coverage
	OMP_NUM_THREADS=1 $(BIN)/pytest --numprocesses auto --dist loadfile --cov --cov-report term --ignore tests/browser
	OMP_NUM_THREADS=1 $(BIN)/pytest tests/browser  # alone: a browser needs the cores while it plays

lint: $(DEV) ## check style, types and the layers of the package
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(DEV) ## build the documentation into site/; a warning is an error
	$(BIN)/sphinx-build -W --keep-going -q -d build/doctrees scripts/docs site

train: $(TRAIN) ## train the default model on data/places; FLAGS="--trainer.max_time 00:00:10:00" for a short try
	$(BIN)/photowave fit --config places $(FLAGS)

bench: $(TRAIN) ## measure this machine and put the figures into README and docs
	$(BIN)/photowave bench --out scripts/docs/figures/bench.json $(FLAGS)
	$(BIN)/python scripts/docs/bench_table.py README.md

clean: ## remove what was built, the environment too; runs/ and soundscapes/ stay
	rm -rf $(VENV) build dist site *.egg-info .coverage .hypothesis .*_cache lightning_logs

$(VENV)/pyvenv.cfg:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "$(PYTHON) is missing or older than Python 3.11. Name a newer one: make PYTHON=python3.12 ..." >&2; \
	  exit 2; }
	$(PYTHON) -m venv $(VENV)

$(LIGHT): pyproject.toml | $(VENV)/pyvenv.cfg
	@echo "installing photowave into $(VENV); the first time takes some minutes"
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(TRAIN): pyproject.toml | $(VENV)/pyvenv.cfg
	@echo "installing photowave and what training needs into $(VENV); the first time takes some minutes"
	$(BIN)/python -m pip install --quiet --editable '.[train]'
	@touch $@ $(LIGHT)

$(DEV): pyproject.toml | $(VENV)/pyvenv.cfg
	@echo "installing photowave and its development tools into $(VENV); the first time takes some minutes"
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@ $(LIGHT) $(TRAIN)
