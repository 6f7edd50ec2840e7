# RoboAgency: an idea goes in, a launch kit comes out.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAGE ?= dev

# Read from the environment by the command itself, so that quotes and dollars in an idea stay what they are.
export IDEA SECTOR OUT EMAIL PORT CASES SEED FOLDER COLLECTION PREFIX

.PHONY: help run up rebuild index test check format synth snapshots cost layers admin bench chaos fuzz client docs clean

help: ## Show this help
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo '  make run IDEA="Shift planning for volunteer fire brigades" SECTOR=saas OUT=out'

# What is imported is compiled when it first is; compiling everything takes half a minute and most of it is never asked for.
$(VENV)/run.stamp: layers/lock/run.txt
	@echo "Setting up: what the product and one machine need (a minute, once)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check -r layers/lock/run.txt
	@touch $@

$(VENV)/dev.stamp: layers/lock/dev.txt $(VENV)/run.stamp
	@echo "Setting up: what builds and proves the product (a minute, once)"
	@$(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check -r layers/lock/dev.txt
	@touch $@

run: $(VENV)/run.stamp ## Make a launch kit: IDEA="…" SECTOR=… OUT=out (an example without IDEA)
	@$(BIN)/python -m infra.local run

up: $(VENV)/run.stamp ## Run the whole system on 127.0.0.1:8000 (PORT=) until Ctrl-C
	@$(BIN)/python -m infra.local up --port $${PORT:-8000}

admin: $(VENV)/run.stamp ## Make the first administrator of what `make up` runs: EMAIL=you@example.com
	@$(BIN)/python -m infra.local admin

rebuild: $(VENV)/run.stamp ## Make the vector engine of what `make up` runs again, from its rows
	@$(BIN)/python -m infra.local rebuild-vectors

index: $(VENV)/run.stamp ## Index the files of FOLDER=… (COLLECTION=knowledge_base PREFIX=…) in what `make up` runs
	@$(BIN)/python -m infra.local index-folder

test: $(VENV)/dev.stamp ## Run every test (needs a Chromium; installs Debian's when root)
	@tests/ensure_chromium
	@$(BIN)/python -m pytest -q -n auto

check: $(VENV)/dev.stamp ## Lint, format and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: $(VENV)/dev.stamp ## Format the code
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

synth: $(VENV)/dev.stamp ## Write the CloudFormation templates of STAGE to cdk.out/ and lint them
	@$(BIN)/python app.py --stage $(STAGE)
	@$(BIN)/cfn-lint cdk.out/$(STAGE)/*.template.json && echo "cfn-lint: clean"

snapshots: $(VENV)/dev.stamp ## Write the snapshots of the templates anew: read the diff
	@$(BIN)/python -m tests.infrastructure.snapshots

cost: $(VENV)/dev.stamp ## Say what each stage costs and what gives first, and write docs/scale.md
	@$(BIN)/python -m infra.cost --write

layers: $(VENV)/dev.stamp ## Build the layers; say what functions weigh and what their imports take
	@$(BIN)/python -m infra.assembly.layers report

bench: $(VENV)/dev.stamp ## Measure, side by side with named alternatives
	@$(BIN)/python -m tests.benchmarks

chaos: $(VENV)/run.stamp ## Kill everything twenty times in the middle of runs, and count
	@$(BIN)/python -m infra.local chaos --kills 20

fuzz: $(VENV)/dev.stamp ## Ask every operation thousands of things (CASES=5000) and compare with openapi.json
	@$(BIN)/python -m tests.fuzz

client: $(VENV)/dev.stamp ## Write a typed Python client of the API to build/client
	@$(BIN)/python -m tests.client_generation

docs: $(VENV)/dev.stamp ## Write what is generated: functions.md, alarms.md, permissions, openapi.json, the state machine
	@$(BIN)/python -m functions.agency.workflows.build
	@$(BIN)/python -m functions.knowledge.workflows.build
	@$(BIN)/python -m infra.catalog_page
	@$(BIN)/python -m infra.alarms_page
	@$(BIN)/python -m infra.permissions
	@$(BIN)/python -m infra.openapi

clean: ## Remove what was built; data under .local/ and kits under out/ stay
	@rm -rf $(VENV) build cdk.out .pytest_cache .mypy_cache .ruff_cache .hypothesis
