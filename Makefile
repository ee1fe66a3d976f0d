# Every command a person runs. `make` alone prints them.
# Variables: SOURCE, CONFIG, DATA, OUT, MODEL, UPSCALER, PROMPT, SEED; see `make help`.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
READY := $(VENV)/.ready
RUN := $(VENV)/bin/python

DATA ?= $(if $(SOURCE),data/own,data/mini)
PROMPT ?=
SOURCE ?=
SEED ?= 0
# Handed over by the environment, not pasted into a command line: a prompt may hold any quote.
export PROMPT SOURCE
# A run folder that exists is what `generate` uses; otherwise the models that ship with the packages.
MODEL ?= $(wildcard runs/mini/model)
UPSCALER ?= $(wildcard runs/mini_upscaler/model)
# Your own videos are taken as they are; the shapes corpus goes through the paper's filter.
DATASET_CONFIG = $(or $(CONFIG),$(if $(SOURCE),configs/hdvg/own.yaml,configs/hdvg/mini.yaml))

.DEFAULT_GOAL := help
.PHONY: help install demo dataset train train-model train-upscaler generate app evaluate ablation mini-start mini \
        stand-ins env-lavis \
        env-realesrgan format lint type test test-slow test-oracle bench check clean

help: ## Print this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'
	@echo
	@echo '  DATA=data/...  CONFIG=configs/...  OUT=where/to/write  SEED=0  are taken by every target they make sense for.'

$(READY): constraints.txt requirements-dev.txt $(wildcard packages/*/pyproject.toml)
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed" if sys.version_info < (3, 11) else 0)'
	@echo 'setting up $(VENV), once'
	@start=$$(date +%s); set -e; \
	test -x $(RUN) || $(PYTHON) -m venv $(VENV); \
	$(RUN) -m pip install --quiet --disable-pip-version-check -c constraints.txt -r requirements-dev.txt \
	    -e 'packages/hdvg[build,caption]' -e 'packages/vfmodel[app,evaluate]' -e packages/vfsr; \
	echo $$(( $$(date +%s) - start )) > $@

install: $(READY) ## Create .venv with the three packages and the development tools

demo: $(READY) ## Videos -> dataset -> models -> prompt -> 4x clip, into artifacts/demo [OUT]
	$(RUN) -m pipelines.demo --setup-s $$(cat $(READY)) --out '$(or $(OUT),artifacts/demo)'

dataset: $(READY) ## Build a dataset [SOURCE=folder, URL list or id list] [DATA] [CONFIG]
	$(RUN) -m pipelines.build_dataset --config $(DATASET_CONFIG) \
	    $(if $(SOURCE),--source "$$SOURCE") --data '$(DATA)' \
	    $(if $(SOURCE)$(CONFIG),,--captioner configs/hdvg/mini_caption.yaml)

train: train-model train-upscaler ## Train the video model, then the upscaler, on DATA

train-model: $(READY) ## Train the Swap-CA model [DATA] [CONFIG] [OUT=runs/mini]; continues an unfinished run
	$(RUN) -m pipelines.train_model --config $(or $(CONFIG),configs/vfmodel/mini.yaml) \
	    --data '$(DATA)' --out '$(or $(OUT),runs/mini)'

train-upscaler: $(READY) ## Train the RCAN upscaler [DATA] [SR_CONFIG] [SR_OUT=runs/mini_upscaler]
	$(RUN) -m pipelines.train_upscaler --config $(or $(SR_CONFIG),configs/vfsr/mini.yaml) \
	    --data '$(DATA)' --out '$(or $(SR_OUT),runs/mini_upscaler)'

generate: $(READY) ## Make a clip and its 4x version from PROMPT="..." [MODEL] [UPSCALER] [SEED] [OUT]
	$(RUN) -m pipelines.generate_video --prompt "$$PROMPT" --seed $(SEED) \
	    $(if $(MODEL),--model '$(MODEL)') $(if $(UPSCALER),--upscaler '$(UPSCALER)') \
	    --out '$(or $(OUT),artifacts/generated.mp4)'

# As in the paper, an image model comes first. A part that has its model is not gone through again.
mini-start: $(READY) ## Train the first parts of the mini model, single frames and motion; continues unfinished runs
	test -d runs/mini_stills/model || $(RUN) -m pipelines.train_model \
	    --config configs/vfmodel/mini_stills.yaml --data shapes:16000 --out runs/mini_stills
	test -d runs/mini_motion/model || $(RUN) -m pipelines.train_model \
	    --config configs/vfmodel/mini_motion.yaml --data moving_shapes:1200 --out runs/mini_motion

mini: mini-start ## Train the mini video model from scratch on rendered scenes; continues an unfinished run
	$(RUN) -m pipelines.train_model --config configs/vfmodel/mini_clips.yaml \
	    --data shapes:2400 --out runs/mini_clips

app: $(READY) ## Try a model in the browser [MODEL] [PORT=7860]
	$(RUN) -m vfmodel app --upscaler vfsr.upscale --port $(or $(PORT),7860) \
	    $(if $(MODEL),--model '$(MODEL)')

evaluate: $(READY) ## Measure a model by PROTOCOL=shapes [MODEL] [REAL=dataset folder] [OUT] [VIDEOS] [WORKERS=2]
	$(RUN) -m vfmodel evaluate --protocol '$(or $(PROTOCOL),shapes)' --model '$(or $(MODEL),shipped)' \
	    $(if $(REAL),--real '$(REAL)') --workers $(or $(WORKERS),2) \
	    --videos '$(or $(VIDEOS),artifacts/evaluation/videos)' --out '$(or $(OUT),artifacts/evaluation)'

ablation: $(READY) $(if $(CONFIG),,mini-start) ## Train and measure the ablations, then their tables [CONFIG]; goes on where it stopped
	$(RUN) -m pipelines.ablation --config '$(or $(CONFIG),configs/ablation/mini.yaml)'

stand-ins: $(READY) ## Train everything that ships as the default, from rendered pictures (about 3.5 hours)
	$(RUN) -m pipelines.train_stand_ins vae
	$(RUN) -m pipelines.train_stand_ins clip
	$(RUN) -m pipelines.train_stand_ins shapes_network
	$(MAKE) mini
	$(RUN) -m pipelines.train_stand_ins ship
	$(RUN) -m pipelines.train_upscaler_stand_in
	$(RUN) -m pipelines.train_caption_stand_in train

env-lavis: ## Build .env-lavis, where `hdvg caption --backend lavis` runs (about 2.3 GB)
	$(PYTHON) -m venv .env-lavis
	.env-lavis/bin/python -m pip install --quiet --disable-pip-version-check -r environments/lavis.txt
	.env-lavis/bin/python -m pip install --quiet --disable-pip-version-check --no-deps torchvision==0.15.2

env-realesrgan: ## Build .env-realesrgan, what `make test-oracle` compares with (about 2 GB)
	$(PYTHON) -m venv .env-realesrgan
	.env-realesrgan/bin/python -m pip install --quiet --disable-pip-version-check -r environments/realesrgan.txt
	.env-realesrgan/bin/python -m pip install --quiet --disable-pip-version-check --no-deps torchvision==0.15.2

format: $(READY) ## Rewrite the code to the project's format
	$(RUN) -m ruff format .
	$(RUN) -m ruff check --fix .

lint: $(READY) ## ruff: style, names, size limits
	$(RUN) -m ruff format --check .
	$(RUN) -m ruff check --no-cache .

type: $(READY) ## mypy --strict
	$(RUN) -m mypy

test: $(READY) ## Run the tests (under 10 minutes on 2 cores)
	$(RUN) -m pytest -q

test-slow: $(READY) ## Run the tests that take longer than 10 s each
	$(RUN) -m pytest -q -m slow

test-oracle: $(READY) ## Compare with Real-ESRGAN and others; skipped without .env-realesrgan
	$(RUN) -m pytest -q -rs -m oracle

# Each takes minutes and wants an idle machine; all share artifacts/benchmarks.
BENCHMARKS ?= hdvg_throughput hdvg_cuts hdvg_scores clip_reading swap_attention unet_step \
    frechet_distance

bench: $(READY) ## Run the benchmarks, or BENCHMARKS="name ..."; figures into artifacts/benchmarks
	@mkdir -p artifacts/benchmarks
	@set -e; for name in $(BENCHMARKS); do \
	    echo "== $$name"; $(RUN) -m benchmarks.$$name --json artifacts/benchmarks/$$name.json; done

check: lint type test ## What has to pass before a commit

clean: ## Remove caches and artifacts; keeps .venv, data and runs
	rm -rf artifacts .pytest_cache .mypy_cache .ruff_cache
