# Every target does its own set-up: on a fresh Debian, git, make, Node, npm and Go are enough.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# The pinned Node 24 out of the lockfile runs everything; the machine's own Node serves npm alone.
NODE_ARCH := $(if $(filter aarch64 arm64,$(shell uname -m)),arm64,x64)
export PATH := $(CURDIR)/.tools/bin:$(CURDIR)/node_modules/node-linux-$(NODE_ARCH)/bin:$(CURDIR)/node_modules/.bin:$(PATH)
CLUSTER := test/e2e/cluster
JEST := node --experimental-vm-modules node_modules/jest/bin/jest.js
BUNDLE := esbuild --bundle --platform=node --target=node24 --format=cjs --external:pg-native --keep-names --log-level=warning

.PHONY: help
help: ## list every target
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: setup
setup: ## install what the lockfile and the tests need, where it is missing
	@node test/setup/dependencies.mjs
	@test/setup/packages.sh
	@$(CLUSTER)/tools.sh helm
	@node -e 'if (!process.version.startsWith("v24.")) { console.error("Node 24 of the lockfile should run here, but node -v says " + process.version); process.exit(1); }'

.PHONY: check
check: setup lint types verify unit ## the gate before a commit, without a cluster: lint, types, generated files, quick unit, golden and chart tests

.PHONY: lint
lint: setup ## Biome: format and lint rules
	@biome check --error-on-warnings .

.PHONY: types
types: setup ## tsc --noEmit
	@tsc --noEmit

.PHONY: unit
unit: setup ## quick unit, golden and chart tests; FILE=path/of/one.test.ts runs that file alone
	@$(JEST) $(if $(findstring .slow.,$(FILE)),--config jest.slow.config.js) $(FILE)

.PHONY: slow
slow: setup ## tests without a cluster that flood, attack, fuzz or wait for long
	@$(JEST) --config jest.slow.config.js

.PHONY: e2e
e2e: setup ## end-to-end tests against the cluster that is up; FILE=path/of/one.test.ts runs that file alone
	@eval "$$($(CLUSTER)/env.sh)" && $(JEST) --config jest.e2e.config.js $(if $(FILE),--testMatch "$(CURDIR)/$(FILE)")

.PHONY: verify
verify: setup ## fail when a generated file differs from its source, and name the command that mends it
	@node operator/cmd/generate.ts --check
	@node test/setup/complete-lock.mjs --check

.PHONY: generate
generate: setup ## rewrite the generated files: CRD, chart CRD, reference page, lockfile entries of other systems
	@node operator/cmd/generate.ts
	@node test/setup/complete-lock.mjs

.PHONY: mutants
mutants: setup ## change the deciding code one bit at a time and see that a test notices; PART=name or FILE=path for less
	@PART=$(PART) FILE=$(FILE) node test/mutants/run.ts

.PHONY: golden
golden: setup ## rewrite the golden files (want.yaml and chart renders); read their diff before you commit it
	@UPDATE_GOLDEN=1 $(JEST) operator chart

.PHONY: bundle
bundle: setup ## bundle the programs and the example app into dist/, one file each
	@for program in operator sidecar; do $(BUNDLE) "operator/cmd/$$program.ts" --outfile="dist/$$program.cjs"; done
	@$(BUNDLE) examples/node/app.ts --outfile=dist/example-node.cjs

.PHONY: images
images: bundle ## build the operator, sidecar, example and test images, and print their sizes
	@$(CLUSTER)/images.sh

.PHONY: cluster
cluster: bundle ## bring up the kind cluster `healthpolicy` with the operator installed
	@$(CLUSTER)/up.sh
	@$(CLUSTER)/images.sh
	@$(CLUSTER)/load-images.sh
	@$(CLUSTER)/install.sh

.PHONY: demo
demo: cluster ## show the product at work in that cluster, step by step
	@eval "$$($(CLUSTER)/env.sh)" && node examples/demo/demo.ts

.PHONY: test
test: ## run everything: checks, then end-to-end tests in kind; the last line counts
	@$(MAKE) setup || { echo "0 passed, 1 failed"; exit 1; }
	@exec node test/run.ts

.PHONY: bench-sidecar
bench-sidecar: setup ## measure the sidecar's CPU, memory and start beside a naive one; ARGS="--minutes 2 --copies 2"
	@node bench/sidecar-cost/run.ts $(ARGS)

.PHONY: bench-types
bench-types: setup ## measure the sidecar's memory for each dependency type and for all of them; ARGS="--minutes 2"
	@node bench/sidecar-cost/by-type.ts $(ARGS)

.PHONY: bench-limits
bench-limits: bundle ## run the sidecar's image under its limits, every type in one policy, TLS on; ARGS="--minutes 2"
	@$(CLUSTER)/images.sh sidecar
	@node bench/sidecar-cost/under-limits.ts $(ARGS)

.PHONY: bench-coverage
bench-coverage: setup ## measure what a leader takes to count 10,000 workloads that roll; ARGS="--workloads 1000 --seconds 20"
	@node bench/standards-coverage/run.ts $(ARGS)

.PHONY: bench-outage
bench-outage: setup ## measure what a leader writes when 1,000 pods fail together; ARGS="--pods 200"
	@node bench/outage/run.ts $(ARGS)

.PHONY: clean
clean: ## remove the cluster and what was built; images and the Docker engine stay
	@$(CLUSTER)/down.sh
	@rm -rf dist coverage .tools/results
