.DEFAULT_GOAL := help
PY := .venv/bin/python
.PHONY: help demo serve test lint openapi bench

help: ## Show this help
	@grep -hE '^[a-z]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

.venv/.core: pyproject.toml
	@python3 -c 'import sys; sys.exit("kagemusha needs Python 3.11 or newer" if sys.version_info < (3, 11) else 0)'
	python3 -m venv .venv
	$(PY) -m pip install -q --disable-pip-version-check -e .
	@touch $@

.venv/.dev: .venv/.core
	$(PY) -m pip install -q --disable-pip-version-check -e '.[dev]'
	@touch $@

.venv/.bench: .venv/.core
	$(PY) -m pip install -q --disable-pip-version-check -e '.[bench]'
	@touch $@

.venv/.demo: .venv/.core
	$(PY) -m pip install -q --disable-pip-version-check -e '.[aws,dataplane]'
	@touch $@

demo: .venv/.demo ## Walk the article's steps on a server of its own
	$(PY) -m kagemusha demo

serve: .venv/.core ## Start the server
	$(PY) -m kagemusha serve

.venv/.node: .venv/.core tests/clients/node/package.json
	cd tests/clients/node && npm install --silent --no-package-lock --ignore-scripts --no-audit --no-fund
	@touch $@

# What the examples in Go, Ruby and shell are run with, the Redis of the data plane, clients of it, and what it is measured
# beside: Debian's packages, where what they bring is missing. Debian would start servers of its own, if nobody forbade it.
DEBIAN := curl golang-go jq postgresql-client redis-server redis-tools ruby ruby-redis stunnel4
.venv/.debian: .venv/.core Makefile
	@missing=$$(for each in curl go jq psql redis-benchmark redis-cli redis-server ruby stunnel; do command -v $$each > /dev/null || echo $$each; done | xargs); \
	ruby -r redis -e 1 2> /dev/null || missing="$$missing ruby-redis"; \
	if [ "$$missing" ]; then \
		if [ "$$(id -u)" != 0 ] || ! command -v apt-get > /dev/null; then \
			echo "Tests and measurements need $$missing: install them (on Debian as root: apt-get install $(DEBIAN))." >&2; \
			exit 1; \
		fi; \
		policy=/usr/sbin/policy-rc.d; \
		if [ ! -e $$policy ]; then trap "rm -f $$policy" EXIT; printf '#!/bin/sh\nexit 101\n' > $$policy; chmod 755 $$policy; fi; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(DEBIAN) > /dev/null; \
	fi
	@touch $@

test: .venv/.dev .venv/.node .venv/.debian ## Run the tests
	$(PY) -m pytest

lint: .venv/.dev ## Check style, types and the rules between rooms
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports --no-logo

openapi: .venv/.core ## Write openapi/, the descriptions of the APIs
	$(PY) -m kagemusha.openapi openapi

bench: .venv/.bench .venv/.node .venv/.debian ## Measure beside others, in the same run (some eighteen minutes; BENCH=--quick for three)
	$(PY) -m bench $(BENCH)
