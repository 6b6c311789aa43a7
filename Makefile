# Every target does its own set-up: on a fresh Debian, git, make, Node, npm and Go are enough.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# The pinned Node 24 out of the lockfile runs everything; the machine's own Node serves npm alone.
NODE_ARCH := $(if $(filter aarch64 arm64,$(shell uname -m)),arm64,x64)
export PATH := $(CURDIR)/.tools/bin:$(CURDIR)/node_modules/node-linux-$(NODE_ARCH)/bin:$(CURDIR)/node_modules/.bin:$(PATH)
# What V8 compiled once is read the next time: half of what Jest, its workers and the programs that tests start take to
# start is compiling.
export NODE_COMPILE_CACHE := $(CURDIR)/.cache/node
CLUSTER := test/e2e/cluster
# Points what follows in a recipe at the test cluster; where there is no such cluster, nothing follows.
IN_CLUSTER := settings=$$($(CLUSTER)/env.sh) && eval "$$settings"
JEST := node node_modules/jest/bin/jest.js
BUNDLE := esbuild --bundle --platform=node --target=node24 --format=cjs --external:pg-native --keep-names --log-level=warning

.PHONY: help
help: ## list every target
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: setup
setup: ## install what the lockfile and the tests need, where it is missing
	@node test/setup/dependencies.mjs
	@test/setup/packages.sh
	@$(CLUSTER)/tools.sh helm
	@node -e 'if (!process.version.startsWith("v24.")) { console.error("Node 24 of the lockfile should run here, but node -v says " + process.version); process.exit(1); }'

# Side by side: unit tests wait much of their time. What each prints comes in one piece, when it has ended.
.PHONY: check
check: setup ## the gate before a commit, without a cluster: lint, types, generated files, quick unit, golden and chart tests
	@$(MAKE) -j4 $(if $(filter output-sync,$(.FEATURES)),--output-sync=target) lint types verify unit

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
slow: setup ## tests without a cluster that flood, attack, wait, try random input or start PostgreSQL; FILE=path for less
	@$(JEST) --config jest.slow.config.js $(FILE)

.PHONY: e2e
e2e: setup ## end-to-end tests against the cluster that is up; FILE=path/of/one.test.ts runs that file alone
	@$(IN_CLUSTER) && $(JEST) --config jest.e2e.config.js $(if $(FILE),--testMatch "$(CURDIR)/$(FILE)")

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

.PHONY: fuzz
fuzz: setup ## try every property that holds for any input for an hour, and say how to repeat what fails; FUZZ_SECONDS=600, FILE=path, NAME=property
	@node test/fuzz/run.ts $(if $(FILE),--file $(FILE)) $(if $(NAME),--name "$(NAME)")

.PHONY: golden
golden: setup ## rewrite the golden files (want.yaml and chart renders); read their diff before you commit it
	@UPDATE_GOLDEN=1 $(JEST) operator chart

.PHONY: bundle
bundle: setup ## bundle the programs and the example app into dist/, one file each, with lists of what is in them
	@for program in operator sidecar; do \
	  $(BUNDLE) "operator/cmd/$$program.ts" --outfile="dist/$$program.cjs" --metafile="dist/$$program.meta.json"; done
	@node release/write-boms.ts operator sidecar
	@$(BUNDLE) examples/node/app.ts --outfile=dist/example-node.cjs

.PHONY: images
images: bundle ## build the operator, sidecar, example and test images, and print their sizes
	@$(CLUSTER)/images.sh

.PHONY: cluster
cluster: bundle ## bring up the kind cluster `healthpolicy` with the operator installed; KUBERNETES=1.33 for one of that version
	@$(CLUSTER)/up.sh
	@$(CLUSTER)/images.sh
	@$(CLUSTER)/load-images.sh
	@$(CLUSTER)/install.sh

.PHONY: second-cluster
second-cluster: ## another one beside it, with the images that are there: `make test CLUSTERS=2` shares some of its tests out to both
	@$(IN_CLUSTER) && export HEALTHPOLICY_TEST_CLUSTER+=-second && \
	  $(CLUSTER)/up.sh && $(CLUSTER)/load-images.sh && $(CLUSTER)/install.sh

.PHONY: demo
demo: cluster ## show the product at work in that cluster, step by step
	@$(IN_CLUSTER) && node examples/demo/demo.ts

.PHONY: test
test: ## run everything: checks, slow tests, end-to-end tests in kind; CLUSTERS=2 adds a second cluster; KUBERNETES=1.33
	@$(MAKE) setup && $(CLUSTER)/env.sh >/dev/null || { echo "0 passed, 1 failed"; exit 1; }
	@$(IN_CLUSTER) && CLUSTERS=$(CLUSTERS) exec node test/run.ts

.PHONY: bench-sidecar
bench-sidecar: setup ## measure the sidecar's CPU, memory and start beside a naive one; ARGS="--minutes 2 --copies 2"
	@node bench/sidecar-cost/run.ts $(ARGS)

.PHONY: bench-types
bench-types: setup ## measure the sidecar's memory and CPU for each dependency type and for all of them; ARGS="--minutes 2"
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

.PHONY: bench-watches
bench-watches: setup ## force 10,000 faults on our watch and on the client library's informer, and count; ARGS="--faults 1000 --seed 2"
	@node bench/watch-faults/run.ts $(ARGS)

.PHONY: soak
soak: setup ## run sidecar and operator for an hour of faults, and fail when one grows or a pod is unready without one; SOAK_MINUTES=34
	@exec unshare --net node bench/soak/run.ts

.PHONY: release-dry-run
release-dry-run: bundle ## build the files and images of a release, publish nothing, and say what was skipped
	@release/dry-run.sh

.PHONY: clean
clean: ## remove the clusters and what was built; images and the Docker engine stay
	@$(CLUSTER)/down.sh all
	@rm -rf dist coverage .cache .tools/results
