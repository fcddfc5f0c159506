# Everything runs in .venv; `make demo` and `make test` work on a fresh clone with Python 3.11 or newer.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
EXTRAS := mpich,test
# Two workers: tests/conftest.py keeps every job of several processes in one of them.
PYTEST := $(BIN)/python -m pytest -n 2

.PHONY: help install demo warm test test-slow test-all lint docs bench clean

help:
	@echo "make demo      install, run jobs/quickstart.toml, print the best point, draw quickstart.png"
	@echo "make test      install, run the default test suite"
	@echo "make test-slow the tests that take minutes, most against flavio (installed here)"
	@echo "make test-all  both"
	@echo "make lint      ruff and mypy"
	@echo "make docs      build the documentation into docs/_build"
	@echo "make bench     measure speed and scaling, renew the tables of benchmarks/README.md and docs/scaling.md"

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "zdscan needs Python 3.11 or newer (set PYTHON=...)")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

# One stamp for each set of extras: installing again only when the metadata changed.
$(VENV)/.installed: pyproject.toml $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[$(EXTRAS)]'
	@touch $@

$(VENV)/.calibrate: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --editable '.[$(EXTRAS),calibrate]'
	@touch $@

$(VENV)/.docs: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --editable '.[docs]'
	@touch $@

install: $(VENV)/.installed

demo: install
	$(BIN)/zdscan run jobs/quickstart.toml --output quickstart.h5 --overwrite
	$(BIN)/zdscan info quickstart.h5
	$(BIN)/zdscan plot quickstart.h5 --x mass --y g_mu --profile --output quickstart.png
	@echo "The picture is quickstart.png, the grid quickstart.h5."

# Kernels are compiled once, before the workers could do it at the same time.
warm: $(VENV)/.calibrate
	$(BIN)/zdscan warmup

test: warm
	$(PYTEST) --mpl -m "not slow"

test-slow: warm
	$(PYTEST) -m slow

test-all: test test-slow

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: $(VENV)/.docs
	$(BIN)/python -m sphinx -W --keep-going -b html docs docs/_build

bench: $(VENV)/.calibrate
	for script in throughput growth against_flavio against_eos scaling; do \
		$(BIN)/python benchmarks/$$script.py --write || exit 1; \
	done

clean:
	rm -rf $(VENV) docs/_build docs/constraint build *.egg-info quickstart.h5 quickstart.png
