# Tagout. `make demo` and `make test` need git, make and some Python with pip or venv; the rest
# installs itself into .tools/ and .venv/ below this folder.

.DEFAULT_GOAL := help
UV_VERSION := 0.13.9
PYTHON_WANTED := >=3.13
WORKERS ?= 3# of the suite: a page in a browser, and a query, leave a core idle in between
# Each worker starts on one run of files, and what a file's tests start from is made once.
SPREAD = -n $(WORKERS) --dist worksteal
VENV := .venv
PY := $(VENV)/bin/python
UV := .tools/bin/uv
LOCK := pip compile -q --no-annotate --no-header --universal --python-version 3.13 \
	--generate-hashes --no-emit-index-url
export UV_NO_PROGRESS := 1
export UV_SYSTEM_CERTS := 1
export PYTHONDONTWRITEBYTECODE := # the demo and the suite start dozens of processes on one code

.PHONY: help demo test suite check static collected install install-dev compiled lock fast lint types contracts migrations \
	templates openapi openapi-check docs bench bench-suppression faults abuse hunt figures truth story clean

help: ## list what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

demo: $(VENV)/.runtime compiled ## the whole product with a simulated Sentinel; Ctrl-C stops it
	@exec $(PY) -m alerts.demo

test: $(VENV)/.dev compiled ## the suite without browsers, faults and abuse
	@$(PY) -m pytest -q $(SPREAD) -m "not browser" --ignore=tests/faults --ignore=tests/abuse

suite: $(VENV)/.dev compiled ## tests of all kinds on embedded PostgreSQL and Valkey
	@$(PY) -m pytest -q $(SPREAD)

check: install-dev ## what CI runs
	@$(MAKE) --no-print-directory -j2 static
	@$(MAKE) --no-print-directory suite

# What is collected here is compiled for the suite, whose processes all need it at once; the suite
# compares the description of the API and the pages of `make docs` as well.
static: types lint contracts migrations templates collected

collected: $(VENV)/.dev compiled
	@found=$$($(PY) -m pytest -q --collect-only 2>&1) || { echo "$$found" | tail -30; exit 1; }

fast: WORKERS = 2# what needs no page and no query leaves no core idle
fast: $(VENV)/.dev compiled ## what needs no database, and the laws of the code
	@$(PY) -m pytest -q $(SPREAD) -m "not browser" --without-servers \
		tests/alerts tests/portal tests/training tests/architecture

lint: $(VENV)/.dev
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check --quiet .

types: $(VENV)/.dev
	@$(VENV)/bin/mypy

contracts: $(VENV)/.dev
	@PYTHONPATH=. $(VENV)/bin/lint-imports --no-cache

migrations: $(VENV)/.dev
	@$(PY) manage.py makemigrations --check --dry-run
	@$(PY) manage.py check --fail-level WARNING

templates: $(VENV)/.dev
	@git ls-files 'templates/*.html' | xargs $(VENV)/bin/djade --check --target-version 6.0

openapi: $(VENV)/.dev ## write the description of the API to docs/api/openapi.json
	@$(PY) manage.py openapi docs/api/openapi.json

openapi-check: $(VENV)/.dev # and the pages of `make docs`
	@$(PY) manage.py openapi --check docs/api/openapi.json
	@$(PY) manage.py reference_docs --check

docs: $(VENV)/.dev ## write the pages of docs that are made from tables of the code
	@$(PY) manage.py reference_docs

bench: $(VENV)/.dev ## the promises of speed, each beside its floor measured in the same run
	@$(PY) -m bench

bench-suppression: $(VENV)/.dev ## what rules take off the SOC and what they miss, on simulated plants
	@$(PY) -m bench.suppression

faults: $(VENV)/.dev compiled ## the fault matrix, long form: each row with its figure
	@$(PY) -m pytest -q tests/faults --long-faults --fault-table

abuse: $(VENV)/.dev compiled ## the abuse matrix, long form: what was tried and what got through
	@$(PY) -m pytest -q $(SPREAD) -m abuse --long-abuse

hunt: $(VENV)/.dev compiled ## the properties on examples never drawn before, and all pairs
	@$(PY) -m pytest -q $(SPREAD) -m "not browser" --hypothesis-profile=hunt --all-pairs

DEMO ?= http://localhost:$(or $(DEMO_PORT),8000)
figures: $(VENV)/.dev ## compare the figures on pages of the running demo with SQL of their own
	@$(PY) -m tests.figures $(DEMO)

truth: $(VENV)/.dev ## hold what the running demo counts for each rule against a replay of enforcement
	@$(PY) -m tests.figures.truth

story: $(VENV)/.dev ## walk README's story in the running demo: seven rules, fifteen days, their effect
	@$(PY) -m tests.figures.story $(DEMO)

lock: $(VENV)/.dev ## renew requirements*.lock from pyproject.toml
	@$(UV) $(LOCK) --extra demo pyproject.toml -o requirements.lock
	@$(UV) $(LOCK) --extra demo --extra dev pyproject.toml -o requirements-dev.lock
	@$(UV) $(LOCK) -c requirements.lock pyproject.toml -o requirements-production.lock

clean: ## remove what was installed and the demo's data
	rm -rf .tools $(VENV) .data

install: $(VENV)/.runtime compiled
install-dev: $(VENV)/.dev compiled

compiled: $(PY)
	@test ! -d locale || $(PY) -m portal.compile_messages

$(VENV)/.runtime: $(PY) requirements.lock
	@test -f $(VENV)/.dev || $(UV) pip sync -q --require-hashes --python $(PY) requirements.lock
	@touch $@

$(VENV)/.dev: $(PY) requirements-dev.lock
	@$(UV) pip sync -q --require-hashes --python $(PY) requirements-dev.lock
	@touch $@

# A Python new enough is looked for on the machine first, then asked of uv.
$(PY): | $(UV)
	@found=$$($(UV) python find --no-project --no-python-downloads '$(PYTHON_WANTED)' 2>/dev/null \
		|| { $(UV) python install -q 3.13 >/dev/null 2>&1 && $(UV) python find --no-project '$(PYTHON_WANTED)' 2>/dev/null; }) \
	&& test -n "$$found" \
	|| { echo "Tagout needs Python 3.13 or newer: install it with your system's packages, then run make again." >&2; exit 1; }; \
	$(UV) venv -q --no-project --python "$$found" $(VENV)

$(UV):
	@for python in python3 python python3.14 python3.13; do \
		command -v $$python >/dev/null 2>&1 || continue; \
		rm -rf .tools; \
		if $$python -m venv .tools >/dev/null 2>&1 \
			&& .tools/bin/python -m pip install -q --disable-pip-version-check uv==$(UV_VERSION); then exit 0; fi; \
		rm -rf .tools; \
		if $$python -m pip install -q --disable-pip-version-check --target .tools/lib uv==$(UV_VERSION) >/dev/null 2>&1; then \
			mkdir -p .tools/bin && ln -s ../lib/bin/uv .tools/bin/uv && exit 0; fi; \
	done; \
	echo "Tagout needs some Python with pip or venv to install itself: install python3-venv, then run make again." >&2; exit 1
