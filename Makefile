# Two commands from a fresh clone: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Tests start some hundred processes; where bytecode may not be written, each would compile the package.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup demo test compiled fast fast-elsewhere mutants deep deep-lowest deep-newest check format golden docs bench clean

setup: $(VENV)/.ready

$(VENV)/.ready: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "genloss needs Python 3.11 or newer; got " + sys.version.split()[0] + "; try: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

# The tour of all systems; ends by printing the paths of report.html and audit.html.
demo: setup
	$(BIN)/genloss demo

# The whole check, which .ci/run calls too. mypy takes one core for as long as numba the other.
test: setup
	$(MAKE) -j 2 check compiled
	$(BIN)/python -m pytest -n 2 --dist loadgroup

# What numba compiles, once, before every process of the tests does: for this processor and for the other.
compiled: setup
	$(BIN)/python -m tests.warm_up
	$(ELSEWHERE) $(BIN)/python -m tests.warm_up

# The lane for the edit loop: about two minutes on two slow cores.
fast: setup
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m "not slow and not deep"

# The fast lane as on another processor: numpy, BLAS, torch and numba take kernels without AVX.
ELSEWHERE := ATEN_CPU_CAPABILITY=default ONEDNN_MAX_CPU_ISA=SSE41 MKL_CBWR=COMPATIBLE \
	OPENBLAS_CORETYPE=Nehalem NUMBA_CPU_NAME=generic \
	NPY_DISABLE_CPU_FEATURES="$$($(BIN)/python -c 'from numpy._core._multiarray_umath import __cpu_dispatch__ as all; print(*all)')"
fast-elsewhere: setup
	$(ELSEWHERE) $(BIN)/python -m pytest -n 2 --dist loadgroup -m "not slow and not deep"

# Which of 300 small changes of the source no test notices; goes on where it was stopped (.cache/mutants).
N ?= 300
mutants: setup
	$(BIN)/python benchmarks/mutants.py n=$(N) $(if $(SEED),seed=$(SEED))

# What has no bound in time: new seeds, printed (SEED=n repeats one); see .ci/deep.
deep: setup
	.ci/deep seeds

deep-lowest:
	PYTHON=$(PYTHON) .ci/deep lowest

deep-newest:
	PYTHON=$(PYTHON) .ci/deep newest

check: setup
	$(BIN)/ruff format --check src tests benchmarks examples docs
	$(BIN)/ruff check src tests benchmarks examples docs
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python docs/generate_api.py
	$(BIN)/zensical build --strict --config-file mkdocs.yml

# The documentation as a site, in site/; the API reference is written from the docstrings.
docs: setup
	$(BIN)/python docs/generate_api.py
	$(BIN)/zensical build --strict --config-file mkdocs.yml

format: setup
	$(BIN)/ruff format src tests benchmarks examples docs
	$(BIN)/ruff check --fix src tests benchmarks examples docs

# Regenerate what golden tests compare with; review the difference before committing it.
golden: setup
	$(BIN)/python docs/generate_cli_reference.py > docs/cli.md
	$(BIN)/python -m tests.golden.tiny
	$(BIN)/python docs/generate_stub.py > src/genloss/__init__.pyi

bench: setup
	for script in $(filter-out benchmarks/mutants.py,$(wildcard benchmarks/*.py)); do echo "== $$script"; $(BIN)/python $$script || exit 1; done

clean:
	rm -rf $(VENV) build runs site docs/api .cache .mypy_cache .ruff_cache .pytest_cache
