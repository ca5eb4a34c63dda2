# Everything runs in virtual environments that are made on first use: .venv (Airflow 3.3), .venv-2.11 (Airflow 2.11),
# .venv-3.1 (one test in the browser) and .venv-docs (the documentation).
# Set PYTHON to choose the interpreter they are made with; any of 3.11 to 3.13 (2.11: to 3.12) on the PATH will do.

PYTEST_ARGS ?= -n auto --dist loadgroup

.PHONY: help demo ui bench bench-quick bench-docs fuzz chaos chaos-quick audit lint format
.PHONY: frontend frontend-check readme-picture
.PHONY: test test-quick test-3.3 test-2.11 test-slow-3.3 test-slow-2.11 test-ui test-ui-3.1 test-cluster test-matrix docs docs-serve constraints clean

help:
	@echo 'make demo         load the examples with a real Airflow into a local CleverTap emulator'
	@echo 'make ui           the same in the Airflow UI, to click through; it keeps its state until the next call (FRESH=1: start anew)'
	@echo 'make test-quick   the tests to run while working: no Airflow, nothing slow'
	@echo 'make test         linters, types, documentation, and the tests on Airflow 3.3 and 2.11 that are not slow'
	@echo 'make test-slow-3.3, test-slow-2.11   schedulers, killed processes, faults, whole programs'
	@echo 'make test-ui      click through the UI of Airflow 3.3 with Chromium; makes the screenshots of docs/ui.md'
	@echo 'make test-ui-3.1  the report of a load in the UI of Airflow 3.1'
	@echo 'make readme-picture   put the picture that make test-ui has taken into the README'
	@echo 'make test-cluster lose a worker of a real cluster in the middle: Airflow 3.3, CeleryExecutor, PostgreSQL, Redis'
	@echo 'make test-matrix  the built package with every supported Airflow and Python, with old and new dependencies'
	@echo 'make bench        speed and memory, side by side with scripts (make bench-quick: two minutes)'
	@echo 'make bench-docs   put what make bench has found into docs/performance.md, and draw docs/trend.svg'
	@echo 'make fuzz         random and hostile input, a million executions (some minutes)'
	@echo 'make chaos        loads under every known fault, and the outcomes of their rows (chaos-quick: two minutes)'
	@echo 'make audit        known vulnerabilities of the tested versions, where a service that knows them can be reached'
	@echo 'make lint         linters, types and documentation alone'
	@echo 'make format       put the code into the one format'
	@echo 'make frontend     build the page of the report into the package, after a change in frontend/; needs Node 20'
	@echo 'make docs         build the site of the documentation into site/ (make docs-serve: show it while writing)'
	@echo 'make constraints  resolve the tested versions anew'
	@echo 'make clean        remove environments, caches and what the demo left'

.venv/.ready: pyproject.toml constraints/airflow-3.3.txt scripts/environment
	@scripts/environment .venv constraints/airflow-3.3.txt 13

.venv-2.11/.ready: pyproject.toml constraints/airflow-2.11.txt scripts/environment
	@scripts/environment .venv-2.11 constraints/airflow-2.11.txt 12

.venv-docs/.ready: constraints/docs.txt scripts/docs-environment
	@scripts/docs-environment

demo: .venv/.ready
	@.venv/bin/python -m scripts.demo

ui: .venv/.ready
	@FRESH='$(FRESH)' .venv/bin/python -m scripts.ui

bench: .venv/.ready
	.venv/bin/python -m benchmarks

bench-quick: .venv/.ready
	.venv/bin/python -m benchmarks --quick

fuzz: .venv/.ready
	nice .venv/bin/python -m scripts.fuzz

chaos: .venv/.ready
	.venv/bin/python -m scripts.chaos

chaos-quick: .venv/.ready
	.venv/bin/python -m scripts.chaos --quick

# pip-audit has an environment of its own: what it needs is no part of what is tested. No network is no failure.
audit:
	@test -x .venv-audit/bin/pip-audit || { $${PYTHON:-python3} -m venv .venv-audit && \
	    .venv-audit/bin/python -m pip install --quiet --disable-pip-version-check 'pip-audit>=2.7'; } || true
	@if test -x .venv-audit/bin/pip-audit; then .venv-audit/bin/python -m scripts.audit .venv-audit/bin/pip-audit; \
	    else echo 'pip-audit could not be installed; nothing was audited'; fi

bench-docs: .venv/.ready
	.venv/bin/python -m benchmarks.publishing

test: lint test-3.3 test-2.11

lint: .venv/.ready docs
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

format: .venv/.ready
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

test-quick: .venv/.ready
	.venv/bin/python -m pytest -m 'not airflow and not slow' $(PYTEST_ARGS) tests/unit tests/integration/emulator

# What is measured is the coverage of these tests alone: it is higher with the slow ones.
test-3.3: .venv/.ready
	.venv/bin/python -m pytest -m 'not slow' $(PYTEST_ARGS) --cov --cov-report=term --cov-fail-under=97

# What does not use Airflow has run on 3.3 with the same versions of everything else.
test-2.11: .venv-2.11/.ready
	.venv-2.11/bin/python -m pytest -m 'airflow and not slow' $(PYTEST_ARGS)

test-slow-3.3: .venv/.ready
	.venv/bin/python -m pytest -m 'slow and not browser and not cluster' $(PYTEST_ARGS)

test-slow-2.11: .venv-2.11/.ready
	.venv-2.11/bin/python -m pytest -m 'slow and airflow and not browser and not cluster' $(PYTEST_ARGS)

# Installs Chromium with apt-get where there is none. What Airflow wrote stays in .demo/test-ui until the next run.
test-ui: .venv/.ready
	@scripts/chromium-install
	.venv/bin/python -m pytest -m browser tests/system/browser

# The first Airflow that has tabs of plugins; its versions are those of the matrix.
.venv-3.1/.ready: pyproject.toml constraints/matrix/airflow-3.1.txt | .venv/.ready
	.venv/bin/uv venv --quiet --clear --python .venv/bin/python .venv-3.1
	.venv/bin/uv pip install --quiet --python .venv-3.1/bin/python --constraint constraints/matrix/airflow-3.1.txt \
	    "$$(grep '^apache-airflow==' constraints/matrix/airflow-3.1.txt)" --editable '.[emulator]' --group browser
	@touch $@

# The report of a load in the UI of Airflow 3.1.
test-ui-3.1: .venv-3.1/.ready
	@scripts/chromium-install
	.venv-3.1/bin/python -m pytest -m browser tests/system/browser/test_report_tab.py

# The README shows a picture that test-ui has made. It is in git, as the page of a package index shows it too.
readme-picture:
	cp docs/screenshots/report-of-a-load.png docs/report-of-a-load.png

# Celery is put into .venv when it is first needed. What uv cannot reach as pip can, pip installs.
.venv/.cluster: .venv/.ready
	@.venv/bin/uv pip install --quiet --python .venv/bin/python --constraint constraints/airflow-3.3.txt --group cluster \
	    || { .venv/bin/python -m pip install --quiet --upgrade 'pip>=25.1' && \
	        .venv/bin/python -m pip install --quiet --constraint constraints/airflow-3.3.txt --group cluster; }
	@touch $@

# Installs PostgreSQL and Redis with apt-get where there are none. What the cluster wrote stays in .demo/test-cluster
# until the next run.
test-cluster: .venv/.cluster
	@scripts/postgres-install
	@scripts/redis-install
	.venv/bin/python -m pytest -m cluster --capture=no tests/system/cluster

# ROWS chooses rows by parts of their names: make test-matrix ROWS='3.0 py3.13-newest'. What a row printed is in .matrix/.
test-matrix: .venv/.ready
	.venv/bin/python -m scripts.matrix $(ROWS)

# NO_MKDOCS_2_WARNING: the version of MkDocs is pinned below 2 already.
docs: .venv-docs/.ready
	NO_MKDOCS_2_WARNING=1 .venv-docs/bin/mkdocs build --strict --clean

docs-serve: .venv-docs/.ready
	NO_MKDOCS_2_WARNING=1 .venv-docs/bin/mkdocs serve --livereload

constraints: .venv/.ready
	printf 'apache-airflow==3.3.*\n' | .venv/bin/uv pip compile --quiet --upgrade --python-version 3.11 --extra emulator --group dev --group bench \
	    --group cluster --no-header --no-annotate --constraint /dev/stdin --output-file constraints/airflow-3.3.txt pyproject.toml
	printf 'apache-airflow==2.11.*\n' | .venv/bin/uv pip compile --quiet --upgrade --python-version 3.11 --extra emulator --group dev --group bench \
	    --no-header --no-annotate --constraint /dev/stdin --output-file constraints/airflow-2.11.txt pyproject.toml
	printf 'mkdocs<2\nmkdocs-material<10\n' | .venv/bin/uv pip compile --quiet --upgrade --python-version 3.11 --group docs \
	    --no-header --no-annotate --constraint /dev/stdin --constraint constraints/airflow-3.3.txt \
	    --output-file constraints/docs.txt


frontend/node_modules/.ready: frontend/package.json frontend/package-lock.json
	cd frontend && npm ci --no-audit --no-fund
	@touch $@

frontend-check: frontend/node_modules/.ready
	cd frontend && npm run --silent check

frontend: frontend-check
	cd frontend && npm run --silent build

clean:
	rm -rf .matrix .venv .venv-2.11 .venv-3.1 .venv-audit .venv-docs .demo docs/screenshots frontend/node_modules site build dist
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
