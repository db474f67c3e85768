# Two commands from a fresh clone: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: setup demo test fast check format golden docs bench clean

setup: $(VENV)/.ready

$(VENV)/.ready: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "genloss needs Python 3.11 or newer; got " + sys.version.split()[0] + "; try: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

# The tour of all systems; ends by printing the path of one report.html.
demo: setup
	$(BIN)/genloss demo

# The whole check, which is also what .ci/run calls.
test: setup check
	$(BIN)/python -m pytest -n 2 --dist loadgroup

# The lane for the edit loop: about a minute on two cores.
fast: setup
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m "not slow"

check: setup
	$(BIN)/ruff format --check src tests benchmarks examples docs
	$(BIN)/ruff check src tests benchmarks examples docs
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/zensical build --strict --config-file mkdocs.yml

# The documentation as a site, in site/.
docs: setup
	$(BIN)/zensical build --strict --config-file mkdocs.yml

format: setup
	$(BIN)/ruff format src tests benchmarks examples docs
	$(BIN)/ruff check --fix src tests benchmarks examples docs

# Regenerate what golden tests compare with; review the difference before committing it.
golden: setup
	$(BIN)/python docs/generate_cli_reference.py > docs/cli.md

bench: setup
	for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

clean:
	rm -rf $(VENV) runs site .cache .mypy_cache .ruff_cache .pytest_cache
