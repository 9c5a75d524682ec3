# What a user needs: make run, make test. Variables: PYTHON, TORCH_INDEX (auto, none or an index URL), FFWEB_* (README).

PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3.14 python3 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
TORCH_INDEX ?= auto
PY := .venv/bin/python
INSTALL = TORCH_INDEX='$(TORCH_INDEX)' $(PY) ffweb/serve/install.py
PYTEST = env -u REDIS_URL -u FFWEB_DATASETS -u FFWEB_GPUS -u FFWEB_CPU_SLOTS $(PY) -m pytest
NPM := $(shell command -v npm 2>/dev/null)

.PHONY: run test check bench mutants clean
.DELETE_ON_ERROR:

run: .venv/.installed-train
	@exec $(PY) manage.py serve --stop-with-parent

# The trainer's tests share nothing and take a core each; the others start servers and watch clocks, one after another.
test: .venv/.installed-dev
ifdef PYTEST_ARGS
	$(PYTEST) $(PYTEST_ARGS)
else
	$(PYTEST) -n auto tests/trainer
	$(PYTEST) --ignore tests/trainer
endif

check: .venv/.installed-dev $(if $(NPM),node_modules/.package-lock.json)
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
ifdef NPM
	node_modules/.bin/tsc -p tsconfig.json
	node_modules/.bin/prettier --check --log-level warn static/js 'tests/js/*.mjs'
else
	@echo "tsc, prettier: there is no npm here, so the types and the form of the JavaScript were not checked."
endif

bench: .venv/.installed-dev
	$(PY) -m benchmarks $(BENCH)

# Breaks the mathematics piece by piece and says which breaks no test notices; 20 minutes of two cores at most.
mutants: .venv/.installed-dev
	OMP_NUM_THREADS=1 $(PY) -m tests.mutants $(MUTANTS)

# var/ stays: it holds runs and accounts.
clean:
	rm -rf .venv node_modules build *.egg-info benchmarks/out .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find ffweb trainer tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/python:
	@test -n '$(PYTHON)' || { echo 'FFWeb needs Python 3.11 or newer: install it, or name it with make PYTHON=/path/to/python3.'; exit 1; }
	$(PYTHON) -m venv .venv || { rm -rf .venv; echo 'Could not make .venv: on Debian and Ubuntu, apt install python3-venv.'; exit 1; }

.venv/.installed-train: pyproject.toml ffweb/serve/install.py | .venv/bin/python
	$(INSTALL) train
	@touch $@

.venv/.installed-dev: pyproject.toml ffweb/serve/install.py | .venv/bin/python
	$(INSTALL) train,dev
	@touch $@ .venv/.installed-train

node_modules/.package-lock.json: package.json package-lock.json
	$(NPM) ci --no-audit --no-fund
	@touch $@
