PYTHON ?= python3
BIN := .venv/bin

.PHONY: install up demo test test-all bench record lint clean

install: .venv/installed

# The project itself is installed in place; its build needs nothing that the lock does not hold.
.venv/installed: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

up: install
	$(BIN)/carillon up

demo: install
	$(BIN)/carillon demo

# Most tests wait for a stack; two files at a time, each on a stack of its own, keep two cores busy.
test: install
	$(BIN)/python -m pytest -n 2 --dist loadfile

test-all: install
	$(BIN)/python -m pytest -m "slow or not slow"

bench: install
	$(BIN)/carillon bench

# New histories and fingerprints for the replay tests: to be renewed knowingly, with the change that needs it.
record: install
	$(BIN)/python -m tests.replay.record
	$(BIN)/python -m tests.replay.fingerprints --renew

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

clean:
	rm -rf .venv .carillon .pytest_cache .mypy_cache .ruff_cache .hypothesis
