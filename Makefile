# eigenscape: `make figures` does the set-up and the main job, `make test` the set-up and the tests.

PYTHON ?= python3
CORES ?= $(shell nproc 2>/dev/null || echo 2)
CONFIG ?=
BASE ?=
STUDY ?= $(or $(if $(CONFIG),$(shell sed -nE "s/^study: *[\"']?([A-Za-z0-9._-]+).*/\1/p" '$(CONFIG)' 2>/dev/null)),sine)
VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
export PATH := $(BIN):$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev plan figures paper explore test test-quick test-slurm test-browser coverage durations check docs format \
	benchmark lock clean

help: ## Show what can be made.
	@echo "eigenscape: how hard is this neural network to train, and why?"
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20
	@echo "Begin with: make figures"
	@echo "Settings, as in make figures CONFIG=mine.yaml CORES=1 PYTHON=python3.12:"
	@echo "  CONFIG: a study of your own, merged over config.yaml; CORES: all ($(CORES)) if not given; PYTHON: what .venv is made of"

# torch goes first and alone, by its pin: its resolver must not be free to take another build (several GB with CUDA).
$(VENV)/run.stamp: envs/run.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "eigenscape: PYTHON: expected 3.11 or newer, found %s; try make PYTHON=python3.12" % sys.version.split()[0])'
	@echo "Setting up $(VENV) (a few minutes, once)"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet "$$(grep '^torch==' envs/run.lock)"
	$(BIN)/pip install --quiet -r envs/run.lock
	$(BIN)/pip install --quiet --no-deps -e .
	@touch $@

# The lock is complete; --no-deps leaves out the 90 MB that mkl names and that its ScaLAPACK does not load.
$(VENV)/dev.stamp: $(VENV)/run.stamp envs/dev.lock
	$(BIN)/pip install --quiet --no-deps -r envs/dev.lock
	@touch $@

$(VENV)/docs.stamp: $(VENV)/dev.stamp envs/docs.lock
	$(BIN)/pip install --quiet --no-deps -r envs/docs.lock
	@touch $@

setup: $(VENV)/run.stamp ## Install everything that a run needs, into .venv.

setup-dev: $(VENV)/dev.stamp ## Install the tools of the tests and checks too.

plan: setup ## Show what the study costs, before it runs.
	@eigenscape plan $(if $(CONFIG),--configfile config.yaml --configfile $(CONFIG)) --cores $(CORES)

figures: setup ## Compute the study and draw its figures (results/<study>/figures).
	@eigenscape plan $(if $(CONFIG),--configfile config.yaml --configfile $(CONFIG)) --cores $(CORES) --brief
	@snakemake --cores $(CORES) $(if $(CONFIG),--configfile $(CONFIG)) \
		--rerun-triggers params input mtime --quiet rules host

paper: figures ## The study as a short PDF (results/<study>/paper.pdf), without LaTeX.
	@eigenscape paper --study results/$(STUDY)/study.json

explore: setup ## Look at networks and results in a browser, until Ctrl-C.
	@eigenscape explore

test: setup-dev ## Run all tests that need no root; lists plainly what was left out.
	@$(BIN)/python -m pytest -q -n 2

test-quick: setup-dev ## Run the tests that say most about what changed, in under two minutes (BASE: what to compare with).
	@$(BIN)/python tests/quick.py $(if $(BASE),--base $(BASE))

test-slurm: setup-dev ## Run the tests on a private Slurm; needs root and Debian's slurmctld slurmd slurm-client munge.
	@$(BIN)/python -m pytest -q tests/slurm -m slurm

test-browser: setup-dev ## Run the tests of the explorer in Chromium; needs Debian's chromium chromium-driver.
	@$(BIN)/python -m pytest -q tests/browser -m browser

SCIENCES := active_subspace clustering expressivity model_constrained networks sloppiness

coverage: setup-dev ## Lines and branches of the pure sciences that their own tests reach, in percent.
	@mkdir -p build
	@$(BIN)/python -m pytest -q -n 2 --cov --cov-report= tests/unit/test_library.py \
		$(SCIENCES:%=tests/unit/%) $(SCIENCES:%=src/eigenscape/%)
	@coverage report
	@for science in $(SCIENCES); do \
		printf '%s: ' $$science; coverage report --include="src/eigenscape/$$science/*" --format=total || exit; done

durations: setup-dev ## Run all tests and write how long each file takes (tests/seconds.csv), for test-quick.
	@PYTHONPATH=tests $(BIN)/python -m pytest -q -n 2 -p recording

check: setup-dev ## Formats, lints, types, import contracts, declared libraries, workflow lint, spelling.
	ruff format --check .
	ruff check .
	mypy
	lint-imports
	deptry src
	deptry tests benchmarks docs examples envs --ignore DEP002,DEP004
	snakefmt --check Snakefile workflow
	snakemake --lint
	codespell

docs: $(VENV)/docs.stamp ## Build the documentation site (build/docs/index.html); warnings are errors.
	@$(BIN)/python -m pytest -q docs/_extensions
	@$(BIN)/python -m sphinx -W -n --keep-going --quiet docs build/docs
	@echo "Site: build/docs/index.html"

format: setup-dev ## Format all code.
	ruff format .
	ruff check --fix .
	snakefmt Snakefile workflow

benchmark: setup-dev ## Time the headline stage by stage, beside this machine's BLAS.
	$(BIN)/python benchmarks/headline.py

lock: setup-dev ## Write the pins of .venv to envs/.
	$(BIN)/python envs/lock.py

clean: ## Remove the environment; results stay.
	rm -rf $(VENV) build dist
