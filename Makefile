# The doors of the course. `make course` and `make test` are all that a newcomer needs.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help course test book exercises release grade bench experiments lint lint-assignments serve clean \
        requirements pictures corpus

PYTHON ?= python3
ENV    := .venv
BIN    := $(ENV)/bin

# The kernel of this environment, whatever else the user has installed; and no talk of newer versions of pip.
export JUPYTER_PREFER_ENV_PATH = 1
export PIP_DISABLE_PIP_VERSION_CHECK = 1

LIBRARY     := $(shell find lstmlib -name '*.py' -not -path '*/grading/*') $(wildcard lstmlib/experiments/records/*) \
               lstmlib/widgets/page.js
GRADING     := $(shell find lstmlib/grading -name '*.py') nbgrader_config.py
SOLUTIONS   := $(shell find solutions -type f)
BOOK        := $(shell find book -type f) _config.yml _toc.yml
SAMPLE      := $(shell find tests/sample_class -name '*.py')

help:
	@echo "make course      set up, build the book, release the exercises, grade the sample class"
	@echo "make test        set up and run all tests"
	@echo
	@echo "make book        the book alone: _build/html/index.html"
	@echo "make exercises   solutions/ to exercises/"
	@echo "make release     a zip for each assignment, for students: _build/student-zips/"
	@echo "make grade       the sample class alone"
	@echo "make serve       the book at http://localhost:8000"
	@echo "make bench       speed of the cells beside PyTorch (and JAX, where installed), and of grading beside nbgrader"
	@echo "make experiments run the experiments whose records no longer fit their code: minutes"
	@echo "make lint        ruff and mypy"
	@echo "make lint-assignments   refuse assignments that grade wrongly or lack hints, links or docstrings"
	@echo "make clean       empty _build/; class/ with submissions and gradebook stays"

# The main job ------------------------------------------------------------------------------------------------

course: $(ENV)/.course _build/html/.built _build/.released _build/sample-class/marks.txt
	@echo
	@echo "Marks of the sample class:"
	@echo
	@cat _build/sample-class/marks.txt
	@echo
	@echo "The book:      $(CURDIR)/_build/html/index.html"
	@echo "The exercises: $(CURDIR)/exercises/"

test: $(ENV)/.test lint-assignments _build/html/.built _build/.released _build/sample-class/marks.txt
	$(BIN)/python -m pytest

# Environment -------------------------------------------------------------------------------------------------

$(ENV)/.course: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Expected Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>&1). Name another: make $(MAKECMDGOALS) PYTHON=python3.12"; \
	  exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(ENV)
	$(BIN)/python -m pip install --requirement requirements.txt
	$(BIN)/python -m pip install --no-deps --no-build-isolation --editable .
	@touch $@

$(ENV)/.test: $(ENV)/.course requirements-test.txt
	$(BIN)/python -m pip install --requirement requirements-test.txt
	@touch $@

requirements: $(ENV)/.test
	$(BIN)/uv pip compile pyproject.toml --extra course --output-file requirements.txt $(PINNED)
	$(BIN)/uv pip compile pyproject.toml --extra test --constraint requirements.txt \
	  --output-file requirements-test.txt $(PINNED)

PINNED := --universal --python-version 3.11 --fork-strategy fewest --no-emit-index-url --no-emit-find-links \
          --no-emit-package lstmlib --quiet --custom-compile-command "make requirements"

# Book --------------------------------------------------------------------------------------------------------

book: _build/html/.built
	@echo "The book: $(CURDIR)/_build/html/index.html"

# Pages are cached by their own code. What the library computes for them changes with the library.
_build/.library: $(LIBRARY) $(ENV)/.course
	rm -rf _build/.jupyter_cache _build/.doctrees
	@mkdir -p _build && touch $@

# Sphinx copies _static/ only when it writes a page.
_build/html/.built: $(BOOK) _build/.library
	$(if $(filter book/_static/%,$?),rm -rf _build/.doctrees)
	$(BIN)/jupyter-book build . -W -n --keep-going
	@touch $@

serve: _build/html/.built
	$(BIN)/python -m http.server --directory _build/html 8000

# Exercises and grading ---------------------------------------------------------------------------------------

exercises: $(ENV)/.course
	$(BIN)/python -m lstmlib.grading.release solutions exercises

# Again, too, where the gradebook is gone: the release is entered there.
_build/.released: $(SOLUTIONS) $(GRADING) $(ENV)/.course $(if $(wildcard class/gradebook.db),,exercises)
	$(BIN)/python -m lstmlib.grading.release solutions exercises
	@touch $@

# Links in the notebooks lead to the book where BOOK_URL says that it is published: make release BOOK_URL=https://…
release: _build/.released
	$(BIN)/python -m lstmlib.grading.handout _build/release _build/student-zips --package lstmlib \
	  --without lstmlib/grading $(if $(BOOK_URL),--book $(BOOK_URL))

grade: _build/sample-class/marks.txt
	@cat $<

_build/sample-class/marks.txt: $(ENV)/.course $(SOLUTIONS) $(SAMPLE) $(GRADING) $(LIBRARY)
	$(BIN)/python -m tests.sample_class $(@D)

# For those who change the course -----------------------------------------------------------------------------

lint: $(ENV)/.test
	$(BIN)/ruff check
	$(BIN)/mypy

lint-assignments: $(ENV)/.course
	$(BIN)/python -m lstmlib.grading.lint solutions --banks tests.banks --labels book \
	  --packages lstmlib --depends lstmlib tests/banks --cache _build/lint.json

# OpenBLAS, on which NumPy rests, takes many AMD processors with AVX-512 for ones without; PyTorch does not. Where the
# processor has it, the second run tells OpenBLAS so.
bench: $(ENV)/.test
	$(BIN)/python -c 'import torch' || $(BIN)/python -m pip install torch==2.13.0
	$(BIN)/python -m benchmarks.cells
	$(BIN)/python -m benchmarks.grading
	@if grep -qs avx512f /proc/cpuinfo; then \
	  echo; echo "Again, with OPENBLAS_CORETYPE=SkylakeX:"; echo; \
	  OPENBLAS_CORETYPE=SkylakeX $(BIN)/python -m benchmarks.cells; \
	fi

# The pages print what the records hold. `make experiments FORCE=--force` runs all of them again.
experiments: $(ENV)/.course
	$(BIN)/python -m lstmlib.experiments $(FORCE)

# The text that the character model learns, from the pages as they are now. Its record has to be made anew then.
corpus: $(ENV)/.course
	$(BIN)/python -m lstmlib.experiments.corpus

pictures: $(ENV)/.test _build/html/.built _build/.released
	$(BIN)/python -m tests.browser.pictures book/images

clean:
	rm -rf _build
