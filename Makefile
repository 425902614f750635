# make run    everything on this machine, in demo mode: servers, migrations, demo data, web, worker, beat
# make test   everything that is checked, then every test; those in a browser where there is Chromium (apt-get install
#             chromium)
# make check  types, style, import contracts, compose file
# make soak   the long form of the crash, random-walk and concurrency tests, and of those with invented messages; and
#             every page in the browser as every role, with pictures in tests/browser/artefacts
# make bench  one JSON line a figure
# make interop the certified OpenID provider of npm, to test the sign-in against (needs node and the package source)
# make vendor the front-end packages laid anew under web/static/vendor (maintainers; needs the package source)
# make lock   the three lock files, from pyproject.toml
# make clean  the installed packages and caches go; data stays
PYTHON ?= python3
OVERGANG_DEMO ?= 1
export OVERGANG_DEMO
# Files and pipes are UTF-8, whatever the locale of this machine.
export PYTHONUTF8 := 1
# Where this is set, every start would compile every module again.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
INSTALL := pyproject.toml ops/environment.py

.PHONY: run test check soak bench interop vendor lock clean

# exec: the launcher is then make's own child, and stops when make is killed.
run: .venv/.run
	@exec $(BIN)/overgang up --with-parent

# Two more than there are processors: many tests wait for what they have started.
test: check
	$(BIN)/python -m pytest -n $$(( $$(nproc) + 2 )) --dist loadgroup --durations=20

check: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml

soak: .venv/.dev
	$(BIN)/python -m pytest --soak tests/crash tests/properties tests/browser \
	    $(addprefix tests/medcom/test_,fuzz.py memory.py orders.py receiving.py two_receivers.py) \
	    $(addprefix tests/ops/test_,demo.py medcom.py walk.py) $(addprefix tests/web/test_,described.py every_route.py hostile.py) \
	    tests/test_concurrency.py

bench: .venv/.dev
	@$(BIN)/python -m bench

interop: .venv/.dev
	npm ci --prefix tests/interop --ignore-scripts --no-audit --no-fund
	$(BIN)/python -m pytest tests/web/test_interop.py

vendor: .venv/.dev
	$(BIN)/python -m ops.vendor

.venv/.run: requirements.lock $(INSTALL)
	@$(PYTHON) ops/environment.py requirements.lock
	@touch $@

.venv/.dev: requirements-dev.lock $(INSTALL)
	@$(PYTHON) ops/environment.py requirements-dev.lock
	@touch $@ .venv/.run

# The development lock is a superset: the two others take their versions from it.
COMPILE := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header --python-version 3.11 pyproject.toml
lock: .venv/.dev
	$(COMPILE) --group dev --output-file requirements-dev.lock
	$(COMPILE) --group install --group embedded --constraints requirements-dev.lock --output-file requirements.lock
	$(COMPILE) --group install --constraints requirements-dev.lock --output-file requirements-prod.lock

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
