# Every target works from a fresh clone: `setup` installs what is missing and does nothing when nothing is.
VENV := .venv
BIN := $(VENV)/bin
# Installing packages into an image's root needs root: its files belong to many users.
ROOT := $(shell test "$$(id -u)" -eq 0 || echo sudo)
PYTEST := $(ROOT) $(BIN)/pytest
# Emulated machines take a processor and a gigabyte each.
WORKERS := 2

.PHONY: setup setup-tests demo test sweep lint format bench lock clean

setup:
	@tools/setup

setup-tests:
	@tools/setup --tests

demo: setup
	$(ROOT) $(BIN)/boatyard demo --work build/demo --result build/demo/result.json

test: setup-tests lint
	$(PYTEST) --numprocesses $(WORKERS) --dist worksteal --durations 30

sweep: setup-tests
	$(PYTEST) -m sweep

lint: setup
	$(BIN)/ruff check src tests bench
	$(BIN)/ruff format --check src tests bench
	$(BIN)/mypy

format: setup
	$(BIN)/ruff check --fix src tests bench
	$(BIN)/ruff format src tests bench

bench: setup
	$(BIN)/python -m bench

lock: setup
	$(BIN)/pip-compile --quiet --upgrade --strip-extras --allow-unsafe --generate-hashes --no-emit-index-url \
	  --no-emit-find-links --no-emit-trusted-host --extra autospec --extra kickstart --extra testinfra --extra dask --extra dev --output-file requirements.lock pyproject.toml

clean:
	$(ROOT) rm -rf build $(VENV)
