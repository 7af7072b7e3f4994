# BitPaket Billing: every command a developer needs. Start with: make run
PYTHON ?= python3
DEV = @$(PYTHON) -m dev
export PORT SIMULATOR_PORT DEBIAN_MIRROR

.PHONY: help run test test-unit conformance bench lint info api-key close pot screenshots shell psql stop clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## Set everything up, bill a month of usage, serve it (ONCE=1: end after that)
	$(DEV) run $(if $(ONCE),--once)

test: ## Set everything up and run every test (ARGS="tests/http -k usage": some)
	$(DEV) test $(ARGS)

test-unit: ## The pure tests: no database, seconds
	$(DEV) test --unit $(ARGS)

conformance: ## Run the rating cases of a file or folder: CASES=path
	$(DEV) conformance $(CASES)

bench: ## Measure against the peers, write bench.json (ONLY=name: one)
	$(DEV) bench $(ONLY)

lint: ## Check the style of all code
	$(DEV) lint

info: ## One line of JSON about the running demo
	$(DEV) info

api-key: ## Make a usage key of the demo and print it
	$(DEV) api-key

close: ## Close a month in the demo's database: PERIOD=2026-10
	$(DEV) close $(PERIOD)

pot: ## Write the translatable texts (i18n/*.pot), and fit the translations (*.po) to them
	$(DEV) pot

screenshots: ## Take the pictures of the docs again, from the running demo
	$(DEV) screenshots

shell: ## Odoo's shell on the demo's database
	$(DEV) shell

psql: ## PostgreSQL's shell on the demo's database
	$(DEV) psql

stop: ## Stop the demo and its PostgreSQL
	$(DEV) stop

clean: ## Stop everything, remove databases and logs (downloads stay cached)
	$(DEV) clean
