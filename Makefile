.DEFAULT_GOAL := help
PYTHON := .venv/bin/python
PYTEST := $(PYTHON) -m pytest
# Two and a half times as many as there are processors: a test that waits for a program leaves its processor to another.
# By file, since what a module shares would be built by every worker; in their order, since the long ones stand first.
WORKERS := $(shell expr \( $$(nproc) \* 5 + 1 \) / 2)
LOCK_FLAGS := --quiet --universal --generate-hashes --no-header --no-emit-index-url --no-emit-find-links --constraints tools/constraints.txt --upgrade
export PATH := $(CURDIR)/.venv/bin:$(PATH)
# What is formatted and linted; types are checked of what pyproject.toml names.
SOURCES := src tests bench deploy hatch_build.py

.PHONY: help run ui test e2e pictures check format bench bench-peers audit lock setup dev clean campaign-kill campaign-nodes campaign-writers campaign-follow campaign-holds campaign-erasure campaign-chains campaign-sequences campaign-sigma campaign-stratus campaign-api campaign-load campaign-soak campaign-fuzz campaign-fuzz-parsers campaign-fuzz-queries campaign-bundle campaign-anchors campaign-attribution oracle permissions

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 18

setup: ## the environment the product needs, from the lock file
	@tools/setup.sh run

dev: ## the environment for working on it: tests, linters, PostgreSQL
	@tools/setup.sh dev

run: setup ## serve a demonstration incident on http://127.0.0.1:8080
	@$(PYTHON) -m vestige up --demo

ui: ## build the interface for browsers, if its sources changed; needs Node with npm
	@python3 hatch_build.py

check: dev ## formatting, lint, types, layer rule; of the interface its unit tests and weight too
	@$(PYTHON) -m ruff format --check --quiet $(SOURCES)
	@$(PYTHON) -m ruff check --quiet $(SOURCES)
	@$(PYTHON) -m mypy
	@.venv/bin/lint-imports --no-cache
	@tools/interface.sh

format: dev ## put the sources into their form
	@$(PYTHON) -m ruff format $(SOURCES)
	@$(PYTHON) -m ruff check --fix $(SOURCES)

# A test that hangs is told by name, and does not hold up the rest.
test: check ## everything CI runs
	@tools/suite.sh --timeout 900 -n $(WORKERS) --dist loadfile --no-loadscope-reorder

e2e: dev ## the interface in a real browser, all of it (a part of this is in make test)
	@VESTIGE_TEST_UI=all tools/suite.sh -n 2 --dist loadfile tests/ui

pictures: dev ## the pictures of docs/ anew, as the tests of the interface see its screens
	@VESTIGE_TEST_UI=all VESTIGE_TEST_PICTURES=1 $(PYTEST) -n 0 tests/ui -k "picture or sizes"

bench: dev ## the speeds of docs/performance.md, as ratios within one run
	@$(PYTHON) bench/run.py

campaign-kill: dev ## kill -9 an import 100 times, at least 25 in each phase
	@$(PYTEST) -n 0 -s tests/campaigns/test_kill.py --kills 100

campaign-writers: dev ## 64 clients in 4 processes, 1,000 entries each, both databases
	@$(PYTEST) -n 0 -s tests/conformance/test_writers.py --entries 1000

campaign-nodes: dev ## 1,000 faults of four nodes and all they stand on, while clients send; as root it has all kinds
	@$(PYTEST) -n 0 -s tests/campaigns/test_nodes.py --faults 1000

campaign-holds: dev ## 10,000 schedules of a hold and an erasure, paused between statements, on both databases
	@$(PYTEST) -n 0 -s tests/conformance/test_hold_schedules.py tests/conformance/test_erasing.py \
		-k "schedule or interleaving" --hold-schedules 5000 --schedules 340

campaign-erasure: dev ## ten key rotations, 30 % of 2,000 records erased, a backup put back, on both databases, in clear and sealed
	@VESTIGE_TEST_ERASURE=all $(PYTEST) -n 0 -s tests/campaigns/test_erasure.py --forget 2000

campaign-follow: dev ## a log rotated by the real logrotate in every way, its follower killed
	@VESTIGE_TEST_ROTATIONS=all $(PYTEST) -n 0 -s tests/e2e/test_follow.py

campaign-chains: dev ## the planted chain of 20 demonstrations, and their near misses; prints precision and recall
	@VESTIGE_TEST_SEEDS=20 $(PYTEST) -n 0 -s tests/e2e/test_chain.py

campaign-sequences: dev ## the planted sequences of 20 times three demonstrations; prints precision and recall
	@VESTIGE_TEST_SEEDS=20 $(PYTEST) -n 0 -s tests/e2e/test_sequences.py -k planted

campaign-stratus: dev ## the built-in patterns on CloudTrail of known techniques, and how often they fire on all other real logs
	@VESTIGE_TEST_STRATUS=all $(PYTEST) -n 0 -s tests/campaigns/test_stratus.py

campaign-fuzz: dev ## the parsers and the query language, 100 times the examples of make test
	@VESTIGE_TEST_FUZZ=100 $(PYTEST) -n 2 tests/unit/sources tests/unit/query tests/unit/proof tests/unit/declared

campaign-fuzz-parsers: dev ## a million mutated inputs through every parser, in processes with a bound on time
	@$(PYTEST) -n 0 -s tests/campaigns/test_fuzz_parsers.py --inputs 1000000

campaign-fuzz-queries: dev ## a million strings as queries of two tenants, each refused or answered from its own log
	@$(PYTEST) -n 0 -s tests/campaigns/test_fuzz_queries.py --inputs 1000000

campaign-sigma: dev ## public Sigma rules against samples, labelled Windows sets and CloudTrail of known techniques
	@VESTIGE_TEST_SIGMA=all $(PYTEST) -n 0 -s tests/campaigns/test_sigma.py

campaign-api: dev ## 100 times each operation of the OpenAPI document, valid and broken, against a running server
	@VESTIGE_TEST_API_EXAMPLES=100 $(PYTEST) -n 0 -s tests/campaigns/test_api.py

campaign-bundle: dev ## every bit of a small bundle turned, and 100,000 structural mutations, through both verifiers
	@VESTIGE_TEST_BUNDLE=all $(PYTEST) -n 0 -s tests/campaigns/test_bundle.py

campaign-anchors: dev ## every bit of a bundle's time stamps turned, through both verifiers
	@VESTIGE_TEST_ANCHORS=all $(PYTEST) -n 0 -s tests/campaigns/test_anchors.py

campaign-attribution: dev ## 200 histories of people and agents at work through real Git; prints precision and recall by operation
	@VESTIGE_TEST_ATTRIBUTION=200 $(PYTEST) -n 0 -s tests/campaigns/test_attribution.py

oracle: dev ## hold real logs against what other tools make of them; writes docs/oracle.md
	@PYTHONPATH=tests $(PYTHON) -m support.oracles

ui-types: dev ## the interface's types anew, from the OpenAPI document
	@$(PYTHON) tools/openapi.py > ui/openapi.json
	@cd ui && npm run --silent types

permissions: dev ## docs/permissions.md anew, from the routes
	@$(PYTHON) -c "from vestige.api.permissions import page; print(page(), end='')" > docs/permissions.md

campaign-load: dev ## 200 readers and 20 writers for a minute; prints p50 and p99
	@VESTIGE_TEST_LOAD_SECONDS=60 $(PYTEST) -n 0 -s tests/campaigns/test_load.py

SOAK_MINUTES := 30
campaign-soak: dev ## half an hour (SOAK_MINUTES=1440: a day) at four fifths of the measured capacity; fails if memory, times or the lag grow
	@$(PYTEST) -n 0 -s tests/campaigns/test_soak.py --soak-minutes $(SOAK_MINUTES)

bench-peers: dev ## the figures of docs/benchmarks.md: Vestige beside what others do, in one run
	@tools/peers.sh
	@$(PYTHON) bench/run.py --peers

audit: ## ask the advisory database about every locked dependency; needs the network
	@tools/audit.sh

lock: dev ## resolve the dependencies anew
	@uv pip compile pyproject.toml --group build $(LOCK_FLAGS) -o requirements.lock
	@uv pip compile pyproject.toml --group dev $(LOCK_FLAGS) -o requirements-dev.lock

clean: ## remove the environment and every cache
	@rm -rf .venv ui/node_modules src/vestige/web/static .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
