# Every target works from a fresh clone: `setup` installs what is missing and does nothing when nothing is.
VENV := .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/pytest

.PHONY: setup setup-tests demo test sweep lint format bench lock clean

setup:
	@tools/setup

setup-tests:
	@tools/setup --tests

demo: setup
	$(BIN)/boatyard demo --work build/demo --result build/demo/result.json

test: setup-tests lint
	$(PYTEST)

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
	  --no-emit-find-links --no-emit-trusted-host --extra autospec --extra dev --output-file requirements.lock pyproject.toml

clean:
	rm -rf build $(VENV)
