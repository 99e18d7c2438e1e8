# One door to everything: `make` lists the targets. Paths are relative, so that any folder name will do.

PY := .venv/bin/python
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
FLASK := $(PY) -m flask --app run:app
PIP := $(PY) -m pip install --quiet --disable-pip-version-check
JOBS ?= 2
NAMING_ICONS := $(shell find app -name '*.html' -o -name '*.py' -o -path 'app/static/js/*.js')
PO := app/translations/zh/LC_MESSAGES/messages.po

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help install dev browser run test check coverage format i18n trace manual diagrams migration hooks clean

help:  ## list the targets
	@echo "make <target>   (PORT=8080 and every setting of config.py may be given: make run PORT=9000)"
	@sed -n 's/^\([a-z0-9-]*\):[^#]*## \(.*\)/  \1|\2/p' Makefile | while IFS='|' read -r name text; do \
		printf '  %-12s %s\n' "$$name" "$$text"; done

# --- installing; every step leaves a stamp, so that the second time costs nothing

.venv/pyvenv.cfg:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed and was not found. Name it: make install PYTHON=/path/to/python3"; exit 1; }
	@echo "installing into .venv with $(PYTHON)"
	@$(PYTHON) -m venv .venv || { rm -rf .venv; \
		echo "Python's venv module does not work here. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }

.venv/run.stamp: requirements.txt | .venv/pyvenv.cfg
	@$(PIP) -r requirements.txt
	@touch $@

.venv/dev.stamp: requirements-dev.txt requirements.txt | .venv/run.stamp
	@$(PIP) -r requirements-dev.txt
	@touch $@

node_modules/.stamp: package.json package-lock.json | .venv/run.stamp
	@$(PY) -m tools.npm ci --no-audit --no-fund --loglevel=error
	@touch $@

app/static/vendor/.stamp: node_modules/.stamp tools/build_frontend.py $(NAMING_ICONS)
	@$(PY) -m tools.build_frontend
	@touch $@

$(PO:.po=.mo): $(PO) tools/i18n.py | .venv/run.stamp
	@$(PY) -m tools.i18n compile

install: .venv/run.stamp app/static/vendor/.stamp $(PO:.po=.mo)  ## install packages, front end and translations

dev: install .venv/dev.stamp  ## install the tools for tests and checks as well

browser: .venv/dev.stamp  ## find Chromium for the browser tests, or install it
	@for name in chromium-headless-shell chromium chromium-browser google-chrome; do \
		command -v $$name >/dev/null 2>&1 && exit 0; done; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
		for name in chromium-headless-shell chromium; do DEBIAN_FRONTEND=noninteractive \
			apt-get install -y -qq --no-install-recommends $$name fonts-noto-cjk && exit 0; done; \
	fi; $(PY) -m playwright install --only-shell chromium

# --- running

# A demo outside production: the accounts on the sign-in page, and the clock bar.
run: export DEMO ?= $(if $(filter production,$(ENVIRONMENT)),false,true)
run: install  ## install, prepare the database (demo data when empty), serve on PORT (8080)
	@$(PY) -m tools.supervise --check-port
	@$(FLASK) db upgrade
	@$(FLASK) sync-security --keep-changes
	@$(FLASK) demo load --if-empty
	@$(FLASK) demo accounts
	@exec $(PY) -m tools.supervise

# --- checking

check: .venv/dev.stamp $(PO:.po=.mo)  ## format, lint, types, import layers, translations, house rules
	@$(PY) -m ruff format --check --quiet . || { echo "Some files are not formatted: make format"; exit 1; }
	@$(PY) -m ruff check --quiet .
	@$(PY) -m mypy
	@$(PY) -c "from importlinter.cli import lint_imports_command as run; run()" --no-logo
	@$(PY) -m tools.i18n missing
	@$(PY) -m pytest -q -p no:xdist tests/test_house.py

test: install browser check  ## every check and every test, on SQLite and PostgreSQL, in Chromium
	@$(PY) -m pytest -q -n $(JOBS) --dist worksteal

coverage: install browser dev  ## the tests again, with a report of lines and branches never run
	@mkdir -p build/coverage
	@$(PY) -m pytest -q -n $(JOBS) --dist worksteal --cov --cov-report=term --cov-report=html:build/coverage/html

trace: dev  ## write docs/requirements.md: which tests prove which requirement; print those without
	@$(PY) -m tools.trace

ifneq ($(wildcard benchmarks/run.py),)
.PHONY: bench
bench: dev  ## measure speed and safety against limits, peers and controls; writes build/bench.json; ARGS=--list
	@$(PY) -m benchmarks.run $(ARGS)
endif

manual: install browser dev  ## write docs/manual.md and its pictures from the running system
	@$(PY) -m tools.manual

diagrams: .venv/run.stamp  ## write docs/states.md from the tables of states
	@$(PY) -m tools.diagrams

# --- working on it

format: .venv/dev.stamp  ## format the code and mend what the linter can mend
	@$(PY) -m ruff check --fix --quiet . ; $(PY) -m ruff format --quiet .

i18n: .venv/dev.stamp  ## collect the texts to translate, update and compile the catalogue, list what is missing
	@$(PY) -m tools.i18n update
	@$(PY) -m tools.i18n compile
	@$(PY) -m tools.i18n missing

migration: dev  ## write a migration from the tables: make migration m="Add a column"
	@test -n "$(m)" || { echo 'Say what it does: make migration m="Add a column"'; exit 1; }
	@$(FLASK) db migrate -m "$(m)"

hooks: .venv/dev.stamp  ## run the quick checks before every commit
	@$(PY) -m pre_commit install

clean:  ## remove what was built or installed; the instance folder with its data stays
	@rm -rf .venv node_modules build app/static/vendor .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find app tests tools benchmarks migrations -name __pycache__ -type d -prune -exec rm -rf {} +
	@find app/translations -name '*.mo' -delete
