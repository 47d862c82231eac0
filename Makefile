# Each target first makes .venv, where it is missing or older than what it is made from.
PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11 python; do \
	$$name -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && { command -v $$name; break; }; done)
BIN := .venv/bin

.PHONY: run lab test colab matrix build clean

run: .venv/installed  ## execute lessons: make run, or make run LESSONS="00 01"
	@$(BIN)/course run $(LESSONS)

lab: .venv/installed  ## open JupyterLab on lesson 00
	@$(BIN)/course lab

test: .venv/installed  ## run every test, notebooks included, two at a time
	@$(BIN)/python -m pytest -n 2 --dist loadfile

colab: .venv/installed  ## run every notebook as Colab does, on its versions and from its set-up cell
	@$(BIN)/python -m pytest -p tests.guard -p tests.colab -n 2 --dist loadfile notebooks

matrix: .venv/installed  ## run every test with the oldest and the newest versions, on the Pythons that are here
	@mkdir -p build && $(BIN)/nox --session matrix --report build/matrix.json
	@grep -q success build/matrix.json || { echo "Nothing was run: no Python 3.11, 3.12 or 3.13 on the PATH."; exit 1; }

build: .venv/installed  ## build the notebooks from notebooks/source and refresh their outputs
	@$(BIN)/course build --execute

clean:  ## remove what the targets above have made
	rm -rf .venv .nox build .pytest_cache .ruff_cache

.venv/installed: requirements.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "No Python 3.11, 3.12 or 3.13 here: install one, or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python"; exit 1; }
	@"$(PYTHON)" -m venv .venv || { echo "$(PYTHON) cannot make a virtual environment: on Debian and Ubuntu, apt install python3-venv"; rm -rf .venv; exit 1; }
	@echo "Installing into .venv, 3 GB on disk: a few minutes, once."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt || \
		{ echo "Not installed: pip says why above. Without a network, no package can be fetched; run this again, it goes on from here."; exit 1; }
	@touch $@
