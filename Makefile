# Everything runs in .venv, which is made on first use from PYTHON and reused while pyproject.toml and constraints.txt
# stay as they are.

PYTHON ?= python3
INPUTS ?= 20000
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install -qq --constraint constraints.txt

.DEFAULT_GOAL := help
.PHONY: help demo test bench diagnosis lint samples docs fuzz clean

help: ## Show what there is to make
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "  PYTHON=$(PYTHON) (3.11 or newer) makes the environment in .venv: make PYTHON=python3.12 demo"

demo: .venv/installed ## Show what bncli says about the files in samples/
	$(BIN)/bncli inspect checkpoint samples/digits.pt --color always
	$(BIN)/bncli normalize samples/activations_washed_out.npy --checkpoint samples/digits.pt --layer bn2 --compare --color always
	$(BIN)/bncli simulate-momentum samples/activations_?.npy --momentum 0.1 --momentum 0.01 --color always
	$(BIN)/bncli demo bncli-demo --force > /dev/null
	$(BIN)/bncli check bncli-demo/faulty/bn101_nonfinite.safetensors --fail-on never --color always

test: lint ## Run every check: style, types, import rules, tests
	$(BIN)/python -m pytest --numprocesses 2

bench: .venv/installed-tests ## Measure start-up, speed, accuracy and the reading of checkpoints beside what others do
	$(BIN)/python -m benchmarks.start_up
	$(BIN)/python -m benchmarks.normalize
	$(BIN)/python -m benchmarks.simulation
	$(BIN)/python -m benchmarks.accuracy
	$(BIN)/python -m benchmarks.calibration
	$(BIN)/python -m benchmarks.fuzz_normalize
	$(BIN)/python -m benchmarks.checkpoints

diagnosis: .venv/installed-tests ## Train small networks with a fault each, and count how often check and diff name it
	$(BIN)/python -m benchmarks.diagnosis --update docs/diagnosis.md

lint: .venv/installed-tests ## Run the checks that need no test: style, types, import rules
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy --strict
	$(BIN)/lint-imports --no-logo

samples: .venv/installed-tests ## Make the files in samples/ again
	$(BIN)/python samples/make_samples.py samples

docs: .venv/installed ## Write docs/rules.md again, from the rules themselves
	$(BIN)/python docs/make_rules.py docs/rules.md

fuzz: .venv/installed-tests ## Change files of every format at random, and demand that each is read or refused
	$(BIN)/python -m benchmarks.fuzz_readers --inputs $(INPUTS)

clean: ## Remove the environment and everything that tools left behind
	rm -rf .venv build dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(INSTALL) --editable .
	@touch $@

.venv/installed-tests: .venv/installed
	$(INSTALL) --editable '.[test]'
	@touch $@
