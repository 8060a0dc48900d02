# `make train` and `make test` do everything, with GNU make 3.81 or newer on Linux and macOS.
#
# PYTHON  the Python that the environment is made with       make train PYTHON=python3.12
# VENV    where the environment is                           make test VENV=/some/other/folder
# ARGS    more arguments for minigan.train or for pytest     make train ARGS="--seed 2"
#
# MINIGAN_DATA, if it is set, reaches the programs by itself: make hands on its environment.

PYTHON ?= python3
VENV = .venv
ARGS =

PIP_INSTALL = $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check

# pytest keeps every core busy with a process of its own; threads of the matrix library on top make it three times slower.
ONE_THREAD = OMP_NUM_THREADS=1 VECLIB_MAXIMUM_THREADS=1

.PHONY: help train test mutants lessons notebooks docs readme clean

help:
	@echo "make train      set up an environment in $(VENV), train on the bundled digits, say where the picture is"
	@echo "make test       set up the same environment, then ruff, mypy and the whole test suite"
	@echo "make mutants    make each known mistake and see which test rejects each; writes docs/verification.md"
	@echo "make lessons    run every lesson and compare what it shows; ARGS=\"04 --write\" renews one"
	@echo "make notebooks  make a Jupyter notebook of each lesson, in build/notebooks"
	@echo "make docs       build the site, in docs/_build/html"
	@echo "make readme     bring the table of files in README.md up to date"
	@echo "make clean      remove the environment and the caches; your runs stay"

train: $(VENV)/installed
	$(VENV)/bin/python -m minigan.train $(ARGS)

test: $(VENV)/installed-test
	$(VENV)/bin/python -m ruff check .
	$(VENV)/bin/python -m ruff format --check .
	$(VENV)/bin/python -m mypy
	$(ONE_THREAD) $(VENV)/bin/python -m pytest -n auto $(ARGS)

# Longer than a test run: a mistake at a time, and the tests on each (half an hour on two cores).
mutants: $(VENV)/installed-test
	$(VENV)/bin/python -m tests.mutants

lessons: $(VENV)/installed-test
	$(VENV)/bin/python -m lessons.run $(ARGS)

notebooks: $(VENV)/installed-lessons
	$(VENV)/bin/python -m lessons.notebooks build/notebooks

# PYODIDE_DIR: a folder of Pyodide for the pages that run; without it they load its public distribution.
# A warning is an error. From nothing each time: a page that is left over would hide a dead link.
docs: $(VENV)/installed-docs
	rm -rf docs/_build
	$(ONE_THREAD) $(VENV)/bin/python -m sphinx -q -W --keep-going -b html -c docs . docs/_build/html
	$(VENV)/bin/python docs/check.py docs/_build/html

readme: $(VENV)/installed-test
	$(VENV)/bin/python tests/test_house.py --write

clean:
	rm -rf .venv build docs/_build *.egg-info .pytest_cache .ruff_cache .mypy_cache .hypothesis .coverage .coverage.*
	find minigan tests lessons docs -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps stand for steps that are done, so that a second call goes straight to work. The package is installed
# in place (--editable): what you change in minigan/ counts at once.

$(VENV)/installed: pyproject.toml $(VENV)/made
	@echo "Installing minigan and what it needs into $(VENV) (once; a minute or so) ..."
	@$(PIP_INSTALL) --editable .
	@touch $@

$(VENV)/installed-test: pyproject.toml $(VENV)/made
	@echo "Installing minigan and what its tests need into $(VENV) (once; a minute or so) ..."
	@$(PIP_INSTALL) --editable ".[test]"
	@touch $@ $(VENV)/installed

$(VENV)/installed-lessons: pyproject.toml $(VENV)/made
	@echo "Installing minigan and what its notebooks need into $(VENV) (once; a minute or so) ..."
	@$(PIP_INSTALL) --editable ".[lessons]"
	@touch $@ $(VENV)/installed

$(VENV)/installed-docs: pyproject.toml $(VENV)/made
	@echo "Installing minigan and what its site needs into $(VENV) (once; a minute or so) ..."
	@$(PIP_INSTALL) --editable ".[docs]"
	@touch $@ $(VENV)/installed

$(VENV)/made:
	@command -v $(PYTHON) >/dev/null || \
	    { echo "minigan needs Python 3.11 or newer, and there is no '$(PYTHON)' here: install one, or name yours as in PYTHON=/path/to/python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; v = sys.version_info; v >= (3, 11) or sys.exit("minigan needs Python 3.11 or newer, and $(PYTHON) is %d.%d: install a newer one, or name yours as in PYTHON=/path/to/python3.12" % v[:2])'
	$(PYTHON) -m venv $(VENV)
	@touch $@
