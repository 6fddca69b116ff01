# Each target does all its own set-up, virtual environment included.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

# Set, it would have every start of the program compiled anew: tests start hundreds.
unexport PYTHONDONTWRITEBYTECODE

# One more than processors: tests also wait, for a database, a browser, a time to pass.
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)

.PHONY: demo test trust trust-tests trust-trials branches sbom wheel check style types examples docs lock clean

demo: $(VENV)/.run
	@PATH="$(abspath $(BIN)):$$PATH" sh examples/demo.sh

# What pages show is run by check, once.
test: $(VENV)/.dev
	@command -v Rscript >/dev/null || echo "Left out: comparisons that call R (no Rscript here); stored results of R are used."
	@command -v chromium >/dev/null || echo "Left out: the pages in a browser (no chromium here)."
	@command -v soffice >/dev/null || echo "Left out: opening DOCX files in LibreOffice (no soffice here)."
	@command -v pdftoppm >/dev/null || echo "Left out: rendering pages (no pdftoppm here)."
	@command -v pdflatex >/dev/null || echo "Left out: compiling LaTeX (no pdflatex here)."
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal --ignore=tests/docs

# The long tier, bounded: all that tests/tiers.py and tests/on_sqlite_alone.txt leave to it, every
# kill point, and meanwhile the trials of the promises with 60 kills a command on SQLite and on PostgreSQL (a server of its own, or
# POSTGRES=URL of an empty database); KILLING minutes of kills, which a busy machine may fill before
# the last: the report says how many there were. Each part alone: make trust-tests, trust-trials, branches.
KILLS ?= 60
MINUTES ?= 58
KILLING ?= 45
trust: $(VENV)/.dev
	@$(MAKE) --no-print-directory --output-sync=target -j2 trust-tests trust-trials branches

trust-tests: $(VENV)/.dev
	mkdir -p build/trust
	REVIEW_TRUST=1 timeout --signal=INT $(MINUTES)m $(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal --durations=40 --junitxml=build/trust/tests.xml \
	  tests/keeping tests/living/job/test_watch.py \
	  $$({ grep -rlE 'tests\.tiers|^from hypothesis' tests --include='test_*.py'; \
	       grep -o '^tests[^:]*' tests/on_sqlite_alone.txt; } | sort -u | grep -v ^tests/keeping/)

trust-trials: $(VENV)/.dev
	mkdir -p build/trust
	REVIEW_DATABASE_URL=sqlite:///$(CURDIR)/build/trust/empty.db $(BIN)/review init
	REVIEW_DATABASE_URL=sqlite:///$(CURDIR)/build/trust/empty.db timeout --signal=INT $(MINUTES)m \
	  $(if $(POSTGRES),,$(BIN)/python -m tests.own_server) \
	  $(BIN)/review trust --kills $(KILLS) --minutes $(KILLING) --report build/trust --postgres $(or $(POSTGRES),{})

# Every branch of effects, synthesis and all rules: by their own tests and examples, on SQLite.
branches: $(VENV)/.dev
	mkdir -p build
	timeout 1500 $(BIN)/python -m coverage run -m pytest -q -x -k "not postgresql" --doctest-modules \
	  review/effects review/synthesis $$(find review -name rules.py) tests/effects tests/synthesis \
	  $$(find tests -name test_rules.py) tests/history/test_chain.py tests/extraction/test_linking.py tests/extraction/assigning
	$(BIN)/python -m coverage report

# What the program is made of, with hashes and licences.
sbom: $(VENV)/.dev
	$(BIN)/python deploy/sbom.py build/sbom.cdx.json

# Wheel and sdist, built twice: equal byte for byte.
wheel: $(VENV)/.dev
	rm -rf dist build/again
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(BIN)/python -m build --no-isolation --outdir dist
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(BIN)/python -m build --no-isolation --outdir build/again
	cd dist && for file in *; do cmp $$file ../build/again/$$file || exit 1; done && sha256sum *

# Three at once: mypy is one process, and the examples are many.
check: $(VENV)/.dev
	@$(MAKE) --no-print-directory --output-sync=target -j3 style types examples

style: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports

types: $(VENV)/.dev
	$(BIN)/mypy

# The schema, where each module's tests are, and every example of docstrings and pages.
examples: $(VENV)/.dev
	$(BIN)/python -m pytest -q -n 2 --doctest-modules review tests/test_schema.py tests/test_where.py tests/docs

# The pages as a site in build/docs: a warning is an error, and every link is followed.
docs: $(VENV)/.dev
	$(BIN)/python -m sphinx -q -W --keep-going -b html docs build/docs
	$(BIN)/python docs/checked.py build/docs
	@echo "Open build/docs/index.html"

# Runtime and development dependencies, every file of them by hash.
$(VENV)/.run: requirements.lock pyproject.toml | $(VENV)/bin/python
	$(PIP) install --quiet --require-hashes -r requirements.lock
	$(PIP) install --quiet --no-deps -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock pyproject.toml | $(VENV)/bin/python
	$(PIP) install --quiet --require-hashes -r requirements-dev.lock
	$(PIP) install --quiet --no-deps -e .
	@touch $@ $(VENV)/.run

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; say which with: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)

LOCK := $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
  --no-emit-index-url --no-header --quiet
lock: $(VENV)/.dev
	$(LOCK) -o requirements.lock
	$(LOCK) --all-extras -o requirements-dev.lock

clean:
	rm -rf $(VENV) demo build dist docs/commands/*.rst docs/python/*.rst .pytest_cache .mypy_cache .ruff_cache .hypothesis
