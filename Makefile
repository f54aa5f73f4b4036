# make run    serve on http://127.0.0.1:5000 (HOST=, PORT=)
# make test   prove the project: lint, types, import arrow, tests (DATA= adds those on real films)

PYTHON      ?= python3
VENV        := .venv
BIN         := $(VENV)/bin
HOST        ?= 127.0.0.1
PORT        ?= 5000
# An extra index to install torch from, e.g. https://download.pytorch.org/whl/cpu
TORCH_INDEX ?=
DATA        ?=
RUNS        ?= runs

PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check \
               $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX))

export HOST PORT DATA

.PHONY: run test check format train calibrate evaluate need-data clean

run: $(VENV)/.run
	$(BIN)/gunicorn --config backend/gunicorn.conf.py

test: check
	$(BIN)/python -m pytest

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The recipe of MODEL_CARD.md, step by step; DATA= is the folder that holds train/NORMAL and train/PNEUMONIA.
train: $(VENV)/.dev | need-data
	$(BIN)/python -m backend.training.train --data "$(DATA)" --arch efficientnet_v2_s --out $(RUNS)/efficientnet_v2_s
	$(BIN)/python -m backend.training.train --data "$(DATA)" --arch convnext_tiny --out $(RUNS)/convnext_tiny \
	    --teacher $(RUNS)/efficientnet_v2_s

calibrate: $(VENV)/.dev | need-data
	$(BIN)/python -m backend.training.calibrate --data "$(DATA)" --weights backend/weights \
	    --run $(RUNS)/convnext_tiny:0.4 --run $(RUNS)/efficientnet_v2_s:0.6

evaluate: $(VENV)/.dev | need-data
	$(BIN)/python -m backend.training.evaluate --data "$(DATA)" --out docs/evaluation

need-data:
	@test -n "$(DATA)" || { echo "Name the data set's folder: make $(MAKECMDGOALS) DATA=path/to/chest_xray"; exit 1; }

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "PneumoNet needs Python 3.11 or later; name one with make PYTHON=…"; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV) || \
	    { rm -rf $(VENV); echo "Python's venv module is missing; on Debian: apt-get install python3-venv"; exit 1; }

$(VENV)/.run: $(BIN)/python requirements.txt
	@echo "Installing what serving needs into $(VENV) (the first time this takes minutes)…"
	@$(PIP_INSTALL) -r requirements.txt
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.txt
	@echo "Installing what the tests need into $(VENV)…"
	@$(PIP_INSTALL) -r requirements-dev.txt
	@touch $@
