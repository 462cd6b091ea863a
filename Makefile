# `make demo` and `make test` need Python 3.11 or later and a package registry, nothing else.
PYTHON ?= python3
BIN := .venv/bin
ARGS ?=

PIP := $(BIN)/python -m pip install --disable-pip-version-check
UV := 'uv>=0.9,<1'
# uv takes a third of pip's time, but does not know the registry that pip is configured for: there,
# and wherever it fails, pip does it.
packages = ! $(BIN)/python -m pip config list | grep -q index && \
	$(BIN)/uv pip install --python $(BIN)/python --compile-bytecode $(1) || $(PIP) $(1)

.PHONY: install demo test check bench soak oracle history chaos chaos-long chaos-mutants chaos-control fuzz scrapes lock generated pictures clean

install: .venv/installed

.venv/installed: pyproject.toml requirements-dev.lock
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed; try make PYTHON=python3.11")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PIP) $(UV)
	$(call packages,--require-hashes -r requirements-dev.lock)
	$(call packages,--no-deps --editable .)
	touch $@

demo: install
	$(BIN)/sales-kpis demo $(ARGS)

# Much of a run is waiting for processes, so that three go side by side on two cores, each with
# brokers of its own, and a fourth computes while they wait; tests/distribution.py says which tests go
# together, and in what order. Hundreds of processes are started: what each would compile is compiled
# once, by one process in a clone that has never run a test.
# Whose process had to be given up is not tried again: a test that hangs would do so again.
# Brokers are started often: once prepared, each start takes half the time; without it all works too.
test: install
	-$(BIN)/python -m streams.broker.aot_cache & \
	test -d tests/__pycache__ || \
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest --collect-only -qq $(ARGS) >/dev/null; wait
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n 4 --dist loadscope --no-loadscope-reorder \
		--max-worker-restart 0 $(ARGS)

check: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: install
	$(BIN)/sales-kpis bench $(ARGS)

# Real workers with 300 reps, scraped by a real Prometheus with the committed configuration: no
# scrape may fail or need a second. `ARGS="--seconds 90"` for a short form.
scrapes: install
	$(BIN)/python -m tests.deploy.scrapes $(ARGS)

# Rewrites both locks after a change of the ranges in pyproject.toml: `requirements.lock` is what
# the product needs to run, `requirements-dev.lock` the same versions and the tools beside them.
COMPILE := $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links --quiet
lock: install
	$(COMPILE) pyproject.toml -o requirements.lock
	$(COMPILE) --constraint requirements.lock --group dev pyproject.toml -o requirements-dev.lock

# The whole way with 100,000 events, two workers and three SIGKILLs, and other long runs of faults.
soak: install
	WHOLE_EVENTS=100000 $(BIN)/python -m pytest -m soak --stuck-after 3600 $(ARGS)

# 500 histories of each family of KPIs, and two years of 200,000 events, against the oracle.
oracle: install
	$(BIN)/python -m pytest tests/laws/test_law_of_the_oracle.py --stuck-after 0 \
		--hypothesis-profile=families $(ARGS)
	ORACLE_EVENTS=200000 $(BIN)/python -m pytest tests/laws/test_long_history.py \
		--stuck-after 0 $(ARGS)

# 100,000 records into SQLite and PostgreSQL, whose writer and server are killed all the time.
history: install
	HISTORY_RECORDS=100000 $(BIN)/python -m pytest tests/history/test_killed.py --stuck-after 3600 \
		$(ARGS)

# Breaks workers, gateway and Kafka while events come in; see docs/explain/exactness.md. `--seed N` repeats.
chaos: install
	$(BIN)/python -m tests.chaos $(ARGS)

# About three quarters of an hour: 100,000 schedules of the model, then 300,000 events under more
# than 60 SIGKILLs.
chaos-long: install
	$(BIN)/python -m tests.model 50000 2000
	$(BIN)/python -m tests.chaos --plan long $(ARGS)

# The same harness on workers that break one rule each: every one of them has to be caught.
MUTANTS := no-fence position-first partials-first letters-last uncommitted no-reconcile
chaos-mutants: install
	for mutant in $(MUTANTS); do $(BIN)/python -m tests.chaos --mutant $$mutant $(ARGS) || exit 1; done

# 100,000 random requests of each source against a gateway process: no 5xx, no hang, bounded memory.
# `ARGS="--inputs 1000 hubspot"` for a short form.
fuzz: install
	$(BIN)/python -m tests.gateway.fuzz $(ARGS)

# A stock Faust table under three SIGKILLs, which is expected to count wrong.
chaos-control: install
	$(BIN)/python -m tests.chaos.control $(ARGS)

# Rewrites what is generated from events, catalogue, settings and commands; tests hold it equal.
generated: install
	$(BIN)/sales-kpis schemas schemas
	$(BIN)/python -c 'from pathlib import Path; from streams.artifacts.grafana.dashboards import write, write_history; write(Path("deploy/grafana/dashboards")); write_history(Path("deploy/grafana/history"))'
	$(BIN)/python -c 'from pathlib import Path; from streams.artifacts.kpi_page import write; write(Path("docs/reference"))'
	$(BIN)/python -c 'from pathlib import Path; from streams.artifacts.settings_page import write; write(Path("docs/reference"))'
	$(BIN)/python -c 'from pathlib import Path; from streams.artifacts.cli_page import write; from streams.cli import main; write(Path("docs/reference"), main)'

# Redraws the pictures of the documents from a fixed state; a test holds the terminal's equal. Those
# of the page need a Chromium.
pictures: install
	$(BIN)/python -c 'from pathlib import Path; from streams.artifacts.demo_picture import write; write(Path("docs/images"))'
	$(BIN)/python -m tests.page.browser.pictures

clean:
	rm -rf .venv .data .pytest_cache .mypy_cache .ruff_cache .hypothesis
