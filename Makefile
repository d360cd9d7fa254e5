# pricewatch: `make` lists the targets. Everything runs from .venv, which each target makes where it is missing.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
PW := $(VENV)/bin/pricewatch

DAYS ?= 1000
STOCKS ?= 100
START ?= 2020-01-01
SEED ?= 42
RATE ?= 0.05
RULESET ?= robust
SEEDS ?= 1,2,3
RATES ?= 0.01,0.05,0.2
CLEAN ?= data/clean
PANEL ?= data/faulty
TRUTH ?= data/truth.parquet
RUN ?= runs/scan
INGEST_RUN ?= runs/ingest
CONFIG ?=
ARGS ?=
EXTRAS ?=
# Runs a command and notes which files it made, for `make clean`.
MADE := .make/run
# A panel is made again only where a target made the one that is there.
again = $(if $(wildcard $(1)/.made-by-make),--overwrite)

.PHONY: help
help: ## list the targets
	@echo "usage: make TARGET [DAYS=$(DAYS)] [STOCKS=$(STOCKS)] [SEED=$(SEED)] [RATE=$(RATE)] [PANEL=…] [RUN=…] [ARGS='--option …']"
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-11s %s\n", $$1, $$2}'

# The stamps say for which pyproject.toml the environment was made.
$(VENV)/.demo: pyproject.toml
	@test -x $(VENV)/bin/python || { $(PYTHON) -m venv $(VENV) && touch $(VENV)/.made-by-make; }
	@echo "installing into $(VENV) …"
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[demo]'
	@touch $@

$(VENV)/.dev: pyproject.toml $(VENV)/.demo
	@echo "installing the tools for tests into $(VENV) …"
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

$(VENV)/.bench: pyproject.toml $(VENV)/.demo
	@echo "installing what the bench runs beside the job into $(VENV) …"
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	@touch $@

$(VENV)/.extras-%: pyproject.toml $(VENV)/.demo
	@echo "installing $* into $(VENV) …"
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[demo,$*]'
	@touch $@

.PHONY: setup
setup: $(VENV)/.demo $(if $(EXTRAS),$(VENV)/.extras-$(EXTRAS)) ## make .venv with the pricewatch command (EXTRAS=calendars: what exchanges' calendars need)

.PHONY: demo
demo: setup ## the whole job, end to end, on local servers; results in demo/
	@$(MADE) demo -- $(PW) demo demo $(ARGS)

.PHONY: generate
generate: setup ## write a clean panel of DAYS × STOCKS to CLEAN
	@$(MADE) $(CLEAN) -- $(PW) generate $(CLEAN) --days $(DAYS) --stocks $(STOCKS) --start $(START) --seed $(SEED) \
		$(call again,$(CLEAN)) $(ARGS)

.PHONY: inject
inject: setup ## write a faulty copy of CLEAN to PANEL and the truth to TRUTH (makes CLEAN where it is missing)
	@test -d $(CLEAN) || $(MAKE) --no-print-directory generate
	@$(MADE) $(PANEL) $(TRUTH) -- $(PW) inject $(CLEAN) $(PANEL) --truth $(TRUTH) --rate $(RATE) --seed $(SEED) \
		$(call again,$(PANEL)) $(ARGS)

.PHONY: ingest
ingest: PANEL := $(if $(filter-out file,$(origin PANEL)),$(PANEL),data/panel)
ingest: setup ## read FILES into PANEL: make ingest FILES='incoming/*.csv' PANEL=data/mine (ARGS=--dry-run shows only)
	@test -n "$(FILES)" || { echo "make ingest needs FILES=…, files, folders or a pattern" >&2; exit 2; }
	@rm -f $(PANEL)/.made-by-make # from here on it holds data of yours
	@set -f; $(MADE) $(INGEST_RUN) -- $(PW) ingest $(FILES) $(PANEL) --out $(INGEST_RUN) $(ARGS)

.PHONY: scan
scan: setup ## scan the whole history of PANEL into RUN (makes PANEL where it is missing)
	@test -d $(PANEL) || [[ "$(PANEL)" == s3://* ]] || $(MAKE) --no-print-directory inject ARGS=
	@$(MADE) $(RUN) -- $(PW) scan $(PANEL) $(RUN) --ruleset $(RULESET) $(ARGS)

.PHONY: check
check: setup ## check the day in FILE against PANEL: make check FILE=day.csv
	@test -n "$(FILE)" || { echo "make check needs FILE=…, one incoming day" >&2; exit 2; }
	@$(if $(findstring --append,$(ARGS)),rm -f $(PANEL)/.made-by-make;) $(PW) check "$(FILE)" --history $(PANEL) $(ARGS)

.PHONY: score
score: setup ## score the rules: RUN against TRUTH, then fresh panels (REALISM=1: realistic faults; PANEL=… of your own)
ifdef REALISM
	@$(PW) score $(if $(filter command line,$(origin PANEL)),$(PANEL)) --realism --seeds $(SEEDS) $(ARGS)
else
	@test -d $(PANEL) || $(MAKE) --no-print-directory inject ARGS=
	@$(MADE) runs/score -- $(PW) scan $(PANEL) runs/score --format parquet --quiet
	@$(MADE) runs/score -- $(PW) score runs/score $(TRUTH) --sweep
	@$(PW) score --trials --days $(DAYS) --stocks $(STOCKS) --seeds $(SEEDS) --rates $(RATES) $(ARGS)
endif

.PHONY: report
report: setup $(VENV)/.extras-report ## write RUN as one self-contained HTML file with plots (makes RUN where it is missing)
	@test -d $(RUN) || [[ "$(RUN)" == s3://* ]] || $(MAKE) --no-print-directory scan ARGS=
	@$(MADE) $(RUN) -- $(PW) report $(RUN) $(ARGS)

.PHONY: sql
sql: setup $(VENV)/.extras-shell ## ask PANEL and RUN a question: make sql Q="select * from findings limit 5"; without Q, a shell
	@$(PW) sql $(if $(Q),"$$Q") --panel $(PANEL) --run $(RUN) $(if $(wildcard $(TRUTH)),--truth $(TRUTH)) $(ARGS)
export Q

.PHONY: explain
explain: setup $(VENV)/.extras-shell ## what RUN's findings saw: make explain TICKER=ST0059 [DATE=2021-09-06]
	@test -n "$(TICKER)" || { echo "make explain needs TICKER=…" >&2; exit 2; }
	@$(PW) explain "$(TICKER)" $(DATE) --run $(RUN) $(ARGS)

.PHONY: batch
batch: $(VENV)/.extras-charts,lineage,logs,metrics,report ## a whole night on servers of this machine, published and mailed; or CONFIG=… for a scheduled run of yours
ifeq ($(CONFIG),)
	@$(MADE) data/night -- $(VENV)/bin/python examples/nightly/run.py data/night
else
	@[[ "$(CONFIG)" != examples/* ]] || test -d $(PANEL) || $(MAKE) --no-print-directory inject ARGS=
	@$(MADE) runs/nightly -- $(PW) batch $(CONFIG) $(ARGS)
endif

.PHONY: bench
bench: $(VENV)/.bench ## scans beside a bare read, Polars, pandas and one plain query: ratios in one run (BENCH="--days 4000")
	@$(VENV)/bin/python bench/bench.py $(BENCH)

.PHONY: lint
lint: $(VENV)/.dev ## style and types
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy

.PHONY: test
test: $(VENV)/.dev lint ## style, types and all tests
	@$(VENV)/bin/pytest -n auto --dist loadfile $(ARGS)

CORE_TESTS := tests/quality/panel tests/quality/evaluation/test_notebook.py tests/quality/ingest/test_layouts.py tests/test_hostile_input.py

$(VENV)/lowest/.made: pyproject.toml tests/lowest.txt
	@rm -rf $(VENV)/lowest && mkdir -p $(VENV) && $(PYTHON) -m venv $(VENV)/lowest
	@echo "installing the lowest supported versions into $(VENV)/lowest …"
	@$(VENV)/lowest/bin/python -m pip install --quiet --disable-pip-version-check --constraint tests/lowest.txt \
		--editable '.[demo]' 'hypothesis>=6.120,<7' 'pytest>=8.3,<10' 'pandas>=2.2,<4'
	@touch $@

.PHONY: test-lowest
test-lowest: $(VENV)/lowest/.made ## the core's tests with the lowest supported versions (PYTHON=python3.13: with another Python)
	@$(VENV)/lowest/bin/python -m pytest -q -p no:cacheprovider $(CORE_TESTS) $(ARGS)

.PHONY: browser
browser: $(VENV)/.dev $(VENV)/.extras-browser ## what the report's tests in a real browser need (and the system's chromium)
	@command -v chromium chromium-browser google-chrome > /dev/null || echo "these tests are skipped without a browser: apt-get install chromium"

.PHONY: fuzz
fuzz: $(VENV)/.dev ## hostile prices, rules, settings and Parquet, 50 times as many as `make test` tries
	@FUZZ_EXAMPLES=2000 $(VENV)/bin/pytest -q tests/test_hostile_input.py $(ARGS)

.PHONY: fuzz-guided
fuzz-guided: $(VENV)/.dev ## hostile texts that a fuzzer guided by coverage makes: a minute a reader (SECONDS=600)
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check 'atheris>=3,<4'
	@for reader in rule settings batch suppressions csv; do $(VENV)/bin/python -m tests.guided_fuzz $$reader -max_total_time=$(or $(SECONDS),60) -max_len=3000 || exit 1; done

.PHONY: test-wheel
test-wheel: $(VENV)/.dev ## the wheel, alone in an empty environment, runs every verb
	@rm -rf $(VENV)/wheel
	@$(VENV)/bin/python -m build --wheel --outdir $(VENV)/wheel . > /dev/null
	@tests/wheel_alone.sh $(VENV)/wheel/*.whl $(PYTHON)

.PHONY: clean
clean: ## remove what the targets made, the environment too; data of yours stay
	@.make/clean
	@rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@if test -f $(VENV)/.made-by-make; then rm -rf $(VENV); elif test -d $(VENV); then echo "left: $(VENV), make did not make it"; fi
