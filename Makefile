# Every target sets up .venv by itself. `make help` lists them.

PYTHON ?= python3
LAB ?=# further options of jupyter lab, such as --no-browser
LOCK ?=# further options of uv pip compile, such as --upgrade

BIN := .venv/bin
ENV := .venv/installed
BUILT := data/processed/.built
TABLES := $(patsubst %,data/processed/%.parquet,trade settlement rates figures)
NOTEBOOKS := $(wildcard notebooks/*.ipynb)
PAGES := $(NOTEBOOKS:notebooks/%.ipynb=report/%.html) $(patsubst %,report/%.html,sources methods dictionary)

# A blank in a name is no trouble; a raw file that is gone is seen by its folder.
RAW := $(shell find data/raw | sed 's/ /\\ /g')
CODE := $(shell find src/tradeflows -name __pycache__ -prune -o -type f -print | sed 's/ /\\ /g')

# One outcome on every machine: no settings, kernels or packages of the user's own.
unexport MATPLOTLIBRC MPLBACKEND PIP_PREFIX PIP_TARGET PIP_USER PYTEST_ADDOPTS
unexport PYTHONDONTWRITEBYTECODE PYTHONHOME PYTHONPATH TRADEFLOWS_ROOT VIRTUAL_ENV
export IPYTHONDIR := $(CURDIR)/.venv/ipython
export JUPYTER_DATA_DIR := $(CURDIR)/.venv/share/jupyter
export JUPYTER_PREFER_ENV_PATH := 1
export MPLCONFIGDIR := $(CURDIR)/.venv/matplotlib
export PYTHONHASHSEED := 0
export TZ := UTC
export LC_ALL := C.UTF-8

.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help report test quick fuzz same crash lab accept data bench look words docs lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' Makefile

report: report/index.html ## run the notebooks that changed; write report/index.html and a page each

test: $(ENV) $(BUILT) ## run all that CI runs: style, types, tests, and every notebook's outputs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q -n 2 --dist worksteal --junitxml=build/tests.xml tests
	$(BIN)/python -m pytest -q -n 2 --dist loadscope --nbval --nbval-current-env \
	    --junitxml=build/notebooks.xml notebooks
	$(BIN)/tradeflows --root examples/soybeans check
	$(BIN)/tradeflows --root examples/neighbours check

quick: export TRADEFLOWS_FEW := 0.2
quick: $(ENV) $(BUILT) ## try a step in a minute: style, types, all tests that are not slow, one notebook
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q -n 2 --dist loadscope -m "not slow" --durations 5 --durations-min 1 \
	    --nbval --nbval-current-env tests notebooks/03_drone_parts.ipynb

fuzz: export TRADEFLOWS_FUZZ ?= $(or $(FUZZ),1)
fuzz: $(ENV) $(BUILT) ## random questions of read and each measure, mutated files (FUZZ=0.1 FILES=100 MUTATIONS=50: fewer)
	$(BIN)/python -m pytest -q -n 2 tests/test_oracles.py \
	    tests/test_oracles_read.py tests/test_oracles_explorer.py tests/test_answer_operations.py
	$(BIN)/python tests/fuzz_files.py $(or $(FILES),1000)
	$(BIN)/python tests/mutate_raw.py $(or $(MUTATIONS),300)

same: $(ENV) ## name what this tree says otherwise than the tag BASE (FAST=1: no notebooks, no mutated raw files)
	$(BIN)/python tests/same.py $(if $(FAST),--fast) --mutations $(or $(MUTATIONS),300) $(or $(BASE),BASE)

crash: $(ENV) $(BUILT) ## kill every verb at random times, by each signal (KILLS=200: more)
	$(BIN)/python tests/crash.py $(or $(KILLS),20)

lab: $(ENV) $(BUILT) ## open JupyterLab on the tour of the explorer
	@mkdir -p .venv/etc/ipython # a kernel that told its version would change the notebook that is opened
	@echo 'c.IPKernelApp.exec_lines = ["get_ipython().kernel.language_info = {\"name\": \"python\"}"]' \
	    > .venv/etc/ipython/ipython_kernel_config.py
	$(BIN)/jupyter lab $(LAB) notebooks/explore.ipynb

accept: $(ENV) ## accept what changed: rewrite outputs, control totals and verdicts, and say what moved
	$(BIN)/tradeflows accept
	$(BIN)/tradeflows --root examples/soybeans accept
	$(BIN)/tradeflows --root examples/neighbours accept

data: $(BUILT) ## build data/processed from data/raw

bench: $(ENV) $(BUILT) ## measure speed and memory
	$(BIN)/python benchmarks

look: report ## open every page in headless Chromium; pictures go to build/look
	$(BIN)/python tests/look.py report build/look

words: report ## count the words of each chart, and the words and nodes of each page
	$(BIN)/python tests/words.py report

docs: $(ENV) $(BUILT) ## write the documentation site to build/docs; a warning is an error
	$(BIN)/sphinx-build -q -W --keep-going docs build/docs

lock: $(ENV) ## renew requirements.lock from pyproject.toml (LOCK=--upgrade: to the newest releases)
	$(BIN)/uv pip compile --quiet --system-certs --universal --python-version 3.11 --fork-strategy fewest \
	    --generate-hashes --custom-compile-command "make lock" $(LOCK) \
	    --group dev --group look --group docs --output-file requirements.lock pyproject.toml
	$(BIN)/python tests/pins.py

clean: ## remove what was built, except .venv
	$(BIN)/python -c "import glob, shutil; [shutil.rmtree(path) for name in 'build data/processed report examples/*/data/processed examples/*/report .hypothesis .mypy_cache .pytest_cache .ruff_cache'.split() for path in glob.glob(name)]"

# uv installs the lock in a fraction of pip's time; where it cannot be had, pip does it.
# The stamp holds the folder's name, since an environment does not survive a move.
ifneq ($(shell cat $(ENV) 2>/dev/null),$(CURDIR))
.PHONY: $(ENV)
endif
$(ENV): requirements.lock pyproject.toml
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	    { echo "tradeflows needs Python 3.11 or newer: make PYTHON=/path/to/python3" >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || \
	    { echo "$(PYTHON) cannot make environments: install its venv (Debian: python3-venv)" >&2; exit 1; }
	"$(PYTHON)" -m venv --clear .venv
	@sed -n '/^uv==/,/[^\\]$$/p' requirements.lock > .venv/uv.txt
	@sed '/^uv==/,/[^\\]$$/d' requirements.lock > .venv/others.txt
	{ $(BIN)/python -m pip install --quiet --require-hashes --no-deps -r .venv/uv.txt && \
	    $(BIN)/uv pip install --quiet --system-certs --python $(BIN)/python --require-hashes -r .venv/others.txt; } || \
	    $(BIN)/python -m pip install --quiet --require-hashes -r .venv/others.txt
	$(BIN)/python -m pip install --quiet --no-index --no-deps --no-build-isolation --editable .
	@$(BIN)/python -c 'import matplotlib.font_manager' 2>/dev/null # lists the fonts, once
	@echo "$(CURDIR)" > $@

ifneq ($(words $(wildcard $(TABLES))),$(words $(TABLES)))
.PHONY: $(BUILT)
endif
$(BUILT): $(ENV) $(RAW) $(CODE)
	$(BIN)/tradeflows build
	@touch $@

# Named notebooks are run (all, if none is), and the index is written from all pages that stand.
ifneq ($(words $(wildcard $(PAGES))),$(words $(PAGES)))
.PHONY: report/index.html
endif
report/index.html: $(BUILT) $(NOTEBOOKS) data/claims.toml data/claims.csv
	$(BIN)/tradeflows report $(if $(filter $(BUILT) data/claims.%,$?),$(NOTEBOOKS),$(filter %.ipynb,$?)) --to report
