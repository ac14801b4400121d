# Two commands do everything: `make demo` and `make test`. Each sets up what it needs in .venv.
PYTHON ?= python3
BIN := .venv/bin
UV := $(BIN)/python -m uv pip install --quiet --python $(BIN)/python

.PHONY: demo test check setup format model browser-free clean wheel

demo: .venv/.app
	$(BIN)/cje-audit demo $(DEMO_FLAGS)

test: check

check: .venv/.dev model
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m pytest -m "not browser" -n 2 --dist loadfile $(PYTEST_FLAGS)
	$(BIN)/python -m pytest -m browser tests/browser $(PYTEST_FLAGS)

format: .venv/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

setup: .venv/.dev

# The embedded model (93 MB, once). Without a network the tests that need it say so and are skipped.
model: .venv/.dev
	@$(BIN)/cje-audit fetch-model || echo "The embedded model could not be fetched; tests that need it will be skipped."

wheel: .venv/.dev
	$(BIN)/python -m hatchling build -t wheel

.venv/.base:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; set PYTHON=/path/to/python3."; exit 2; }
	@$(PYTHON) -m venv .venv || { echo "Python cannot make a virtual environment; on Debian: apt-get install python3-venv"; exit 2; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip uv
	@touch $@

.venv/.app: .venv/.base pyproject.toml
	$(UV) -e '.[embedded]'
	@touch $@

.venv/.dev: .venv/.app pyproject.toml
	$(UV) -e '.[embedded]' --group dev
	@touch $@

clean:
	rm -rf .venv dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .artifacts
