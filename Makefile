# Two commands on a fresh Debian machine with Python 3.11: `make demo` and `make test`.
# Debian's own is built by profile: a fifth faster than one built plainly.
PYTHON ?= $(or $(wildcard /usr/bin/python3.11),python3.11)
VENV := .venv
BIN := $(VENV)/bin
# Many tests wait for servers: three processes use the time of two cores. Each file stays in one of them, the long ones
# begin first.
PYTEST_SPREAD := -n 3 --dist loadfile --no-loadscope-reorder
# Starting processes is what most of the time goes into: they find their byte code made.
export PYTHONDONTWRITEBYTECODE :=
VENDOR := gateway/web/console/static/vendor

.PHONY: demo test assure bench assets format checks lint types imports pytest servers clean

demo: $(VENV)/.installed assets
	$(BIN)/gateway demo $(if $(ONCE),--once,)

# Servers come from Debian while everything that needs none is done.
test: $(VENV)/bin/python
	@$(MAKE) --no-print-directory --jobs=2 servers checks
	$(BIN)/pytest $(PYTEST_SPREAD) $(PYTEST)

checks: $(VENV)/.installed-dev
	$(BIN)/ruff format --check .
	@$(MAKE) --no-print-directory types assets imports lint

# Every acceptance claim at its full size, with its control, one after the other: takes a night.
assure: $(VENV)/.installed-dev assets servers
	GATEWAY_ASSURE=night $(BIN)/pytest --claims $(PYTEST)

bench: $(VENV)/.installed-dev servers
	$(BIN)/python -m bench all

$(VENV)/bin/python:
	@sh .ci/venv $(VENV) $(PYTHON)

$(VENV)/.installed: pyproject.toml $(VENV)/bin/python
	@sh .ci/install $(VENV)
	@touch $@

$(VENV)/.installed-dev: pyproject.toml $(VENV)/bin/python
	@sh .ci/install $(VENV) dev,speed
	@touch $(VENV)/.installed $@

# Front-end packages come from npm at exact versions and are never committed.
assets: $(VENDOR)/THIRD_PARTY.txt

$(VENDOR)/THIRD_PARTY.txt: package.json package-lock.json $(VENV)/.installed
	$(BIN)/python -m gateway.web.console.assets

# Real servers for the tests, by name from Debian's packages, where they are missing.
servers:
	@sh .ci/servers

format: $(VENV)/.installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .

# On a busy machine a worker of mypy may come too late for it (2: it broke off, nothing was found): then without them.
types: $(VENV)/.installed-dev
	$(BIN)/mypy --num-workers 2 || { test $$? -eq 2 && $(BIN)/mypy; }

imports: $(VENV)/.installed-dev
	$(BIN)/lint-imports

pytest: $(VENV)/.installed-dev
	$(BIN)/pytest $(PYTEST)

clean:
	rm -rf $(VENV) node_modules $(VENDOR)
