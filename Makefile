# The commands people reach for. `make help` lists them.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
MEMBERS := $(sort $(wildcard libs/* services/* infra/devstack))
MANIFESTS := requirements.lock tools/bootstrap.lock $(addsuffix /pyproject.toml,$(MEMBERS))
ARGS ?=
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help up down test check coverage mutants format schemas lock clean venv samples e2e soak bench bench-quality screenshots

help: ## List the targets
	@grep -hE '^[a-z0-9_-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9_-]+):.*## (.*)$$/  make \1|\2/' | column -t -s '|'

up: $(READY) ## Run the whole product here, with two demo hotels (ARGS="--fresh" starts over)
	@$(BIN)/frontdesk up $(ARGS)

down: $(READY) ## Stop what `make up` started
	@$(BIN)/frontdesk down

test: $(READY) ## Run every test on real local parts
	@$(BIN)/python tools/run_tests.py $(ARGS)

e2e: $(READY) ## Run only the tests of the whole stack
	@$(BIN)/python tools/run_tests.py --only tests $(ARGS)

check: $(READY) ## Format, lint, types, import rules, generated files, schema compatibility
	@$(BIN)/python tools/check.py

coverage: $(READY) ## Lines of a service's domain and commands that its suite runs, at least 95 % (ARGS="identity")
	@$(BIN)/python tools/covered.py $(ARGS)

mutants: $(READY) ## Break a service's domain in every small way; its tests tell, or MUTANTS.md says why not (ARGS="identity")
	@$(BIN)/python tools/mutants.py $(ARGS)

samples: $(READY) ## The heavier samples: chaos in short, every service in a venv of its own, the service guide word by word
	@PYTHONPATH=tests $(BIN)/python -m chaos --sample
	@$(BIN)/frontdesk with-parts -- $(BIN)/python tools/own_venv.py
	@$(BIN)/frontdesk with-parts -- $(BIN)/python tools/follow_adding_a_service.py

soak: $(READY) ## Kill, cut and stop parts under load for long, and count (ARGS="--seeds 20 --lanes 3 --fault NAME")
	@PYTHONPATH=tests $(BIN)/python -m chaos $(ARGS)

bench: $(READY) ## Measure (ARGS="message-write", "answers", ... ; without: the list)
	@PYTHONPATH=tests $(BIN)/python -m bench $(ARGS)

bench-quality: $(READY) ## Measure the answers on public question sets (DATA=DIR; ARGS="--write" fits the engine anew)
	@$(BIN)/python -m bench quality --data "$(DATA)" $(ARGS)

screenshots: $(READY) ## Take the pictures of docs/widget.md again, with a real browser on a running stack
	@PYTHONPATH=tests $(BIN)/python -m browser.screenshots $(ARGS)

format: $(READY) ## Format and fix what can be fixed by itself
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix-only -q .

schemas: $(READY) ## Write the JSON Schemas, AsyncAPI, OpenAPI documents, the tables of permissions and of commands again
	@$(BIN)/python tools/schemas.py write

lock: $(READY) ## Resolve the dependencies again into requirements.lock (names, versions, hashes)
	@$(BIN)/python tools/lock.py

venv: $(READY) ## Only make the virtual environment

$(READY): $(MANIFESTS)
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is needed; name it with PYTHON=..."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed, $(PYTHON) is $$($(PYTHON) -V); name another with PYTHON=..."; exit 1; }
	@echo "Preparing $(VENV) (once; later starts skip this)"
	@$(PYTHON) -m venv $(VENV) || { echo "Python's venv module is missing; on Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r tools/bootstrap.lock
	@$(BIN)/uv pip install -q -p $(VENV) --system-certs --compile-bytecode --require-hashes -r requirements.lock
	@$(BIN)/uv pip install -q -p $(VENV) --no-deps --no-build-isolation $(addprefix -e ,$(MEMBERS))
	@touch $(READY)

clean: ## Stop the stack and remove the virtual environment, caches and local data
	@test -x $(BIN)/frontdesk && $(BIN)/frontdesk down || true
	@rm -rf web/node_modules web/widget/dist tests/browser/node_modules $(VENV) .frontdesk .work .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
