# Everything that is done with a clone of this repository. `make` alone lists it.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
# Arguments of `atlas demo`, for instance: make demo ARGS="--fresh".
ARGS ?=
# Arguments of pytest, for instance: make test TESTS="tests/unit -x".
TESTS ?=
# Tests wait for servers more than they work, so files of tests run side by side; WORKERS=0 runs them one by one.
WORKERS ?= auto
PYTEST = $(BIN)/python -m pytest -n $(WORKERS) --maxprocesses 4 --dist loadfile --no-loadscope-reorder

# Built into every lock, so that the installer and the build backend are pinned and hashed like all else.
BUILD_TOOLS := 'editables>=0.5\nhatchling>=1.27\nuv>=0.9\n'
COMPILE = $(UV) pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-emit-find-links -q --custom-compile-command "make lock"

.PHONY: help
help:  ## List what can be done
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: $(VENV)/.demo  ## Install what is needed and run two simulated plants live
	@exec $(BIN)/atlas demo $(ARGS)

.PHONY: test
test: $(VENV)/.dev  ## Run all tests (tests of real servers run where these are given)
	$(if $(TESTS),$(PYTEST) $(TESTS),$(PYTEST) tests/architecture tests/contracts tests/unit)
	$(if $(TESTS),,$(PYTEST) tests/chaos tests/e2e tests/integration)

.PHONY: check
check: $(VENV)/.dev  ## Lint, types, import rules, unit and architecture tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(PYTEST) -q tests/unit tests/architecture

.PHONY: rules
rules: $(VENV)/.dev  ## Break each rule of delivery in a copy of the tree and see its tests fail (minutes)
	$(BIN)/python tests/rules $(ARGS)

.PHONY: bench
bench: $(VENV)/.dev  ## Measure throughput and latency on this machine
	$(BIN)/atlas bench spine $(ARGS)

.PHONY: servers
servers: $(VENV)/.demo  ## Start real Kafka and TimescaleDB natively (as root; stop: make servers-down)
	$(BIN)/python -m stream.servers native up

.PHONY: servers-down
servers-down: $(VENV)/.demo
	$(BIN)/python -m stream.servers native down

.PHONY: docs
docs: $(VENV)/.dev  ## Make the README's screenshots and the reference pages
	$(BIN)/python docs/make_docs.py

.PHONY: lock
lock: $(VENV)/.installer  ## Write the lock files anew from pyproject.toml (existing pins stay where they can)
	printf $(BUILD_TOOLS) | $(COMPILE) --extra ai --extra tep --extra fmu --extra dexpi --extra dev pyproject.toml - -o requirements-dev.lock
	printf $(BUILD_TOOLS) | $(COMPILE) --extra tep -c requirements-dev.lock pyproject.toml - -o requirements-tep.lock
	printf $(BUILD_TOOLS) | $(COMPILE) -c requirements-dev.lock pyproject.toml - -o requirements.lock

.PHONY: clean
clean:  ## Remove what was installed and built; data in .atlas stays
	rm -rf $(VENV) build dist docs/_build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -not -path './.atlas/*' -prune -exec rm -rf {} +

# --- Installation -------------------------------------------------------------------------------------------------

# A Python that can make virtual environments; the remedy where there is none is one line.
$(VENV)/.python:
	@command -v $(PYTHON) > /dev/null || \
		{ echo "$(PYTHON) is not installed; Debian: apt-get install python3 python3-venv" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "$$($(PYTHON) --version) is too old; install Python 3.11 or newer, or name one: make PYTHON=…" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2> /dev/null || \
		{ echo "$(PYTHON) lacks the venv module; Debian: apt-get install python3-venv" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@touch $@

# uv installs in seconds what pip takes minutes for; the same hashes bind both, so where uv cannot be had pip does.
$(VENV)/.installer: $(VENV)/.python
	@awk '/^uv==/ { found = 1 } found { print; if ($$0 !~ /\\$$/) exit }' requirements.lock > $(VENV)/uv.txt
	@test -x $(UV) || $(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r $(VENV)/uv.txt \
		|| echo "uv cannot be installed; pip takes its place (slower)" >&2
	@touch $@

# $(call install,LOCK): the packages of a lock, each held to its hash, and nothing besides them.
define install
	if [ -x $(UV) ]; then $(UV) pip sync --python $(BIN)/python --require-hashes $(1); \
	else $(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r $(1); fi
endef

# The project itself, in place; its build backend comes from the lock too.
define install_project
	if [ -x $(UV) ]; then $(UV) pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e .; \
	else $(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .; fi
endef

# The developers' environment holds all that the demo needs; once it is there, the demo leaves it alone.
$(VENV)/.demo: requirements.lock requirements-tep.lock pyproject.toml | $(VENV)/.installer
	@if [ $(VENV)/.dev -nt requirements-dev.lock ] && [ $(VENV)/.dev -nt pyproject.toml ]; then :; \
	elif ! command -v cc > /dev/null && ! command -v gcc > /dev/null; then \
		echo "no C compiler: the Tennessee Eastman plant is left out; Debian: apt-get install gcc python3-dev" >&2; \
		{ $(call install,requirements.lock); } && { $(install_project); }; \
	elif { $(call install,requirements-tep.lock); }; then $(install_project); \
	else \
		echo "tep-studio cannot be built: the Tennessee Eastman plant is left out; Debian: apt-get install gcc python3-dev" >&2; \
		{ $(call install,requirements.lock); } && { $(install_project); }; \
	fi
	@touch $@

$(VENV)/.dev: requirements-dev.lock pyproject.toml | $(VENV)/.installer
	@{ $(call install,requirements-dev.lock); } && { $(install_project); }
	@touch $@
