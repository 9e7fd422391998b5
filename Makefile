# Every target installs the tools that it lacks and says so; `make setup` does it for all of them at once.
SHELL := bash
PORT ?= 8080
export PATH := $(shell scripts/need --path):$(PATH)
canaryctl := cargo run --locked --release --package canaryctl --no-default-features --
runtime := $(shell git ls-files Cargo.lock Cargo.toml .cargo loader scripts/pack src wasm)

.PHONY: demo demo-rollout demo-traffic build test test-long test-cluster cluster cluster-down bench lint size setup help clean

# canaryctl without what talks to a cluster, which takes longer to build than all the rest.
demo: ## serve the demo site
	@scripts/need wasm-target pack wasm-bindgen-cli
	@$(MAKE) --no-print-directory pkg/canary.js
	$(canaryctl) serve www --port $(PORT) --window 5 --horizon 10

demo-traffic: ## send simulated visitors to a running demo, of whom 20 % fail on the canary
	$(canaryctl) traffic http://127.0.0.1:$(PORT)/ --rate 40 --views 2400 --fails canary=20

demo-rollout: ## play two rollouts without a cluster: one is promoted, one rolled back
	@scripts/need wasm-target pack wasm-bindgen-cli
	@$(MAKE) --no-print-directory pkg/canary.js
	cargo build --locked --release --package canaryctl --no-default-features
	PORT=$(PORT) scripts/demo-rollout

# Without wasm-pack and wasm-opt, which are slow to install; `make build` makes the same files, smaller.
pkg/canary.js: $(runtime)
	scripts/pack demo

build: ## build pkg/ for release, and canaryctl
	@scripts/need build
	scripts/pack build
	cargo build --locked --release --package canaryctl

test: ## run all tests of a change, about a quarter of an hour
	@scripts/test build size native loader web e2e images

test-e2e test-images: build
test-%: ## run one suite: test-native, test-loader, test-web, test-e2e, test-images (as root)
	@scripts/test $*

test-long: build ## run for hours: the judge, faults in all browsers, soak, chaos, config swaps, chart, images, fuzzing, mutants
	scripts/test-long

test-cluster: build ## test from a push to the next page view on a real cluster; needs root, and Go for half an hour once
	scripts/test-cluster

cluster: ## start that cluster and leave it running
	@scripts/need $(if $(KUBECONFIG),external-cluster,cluster)
	tests/cluster/up
cluster-down: ## stop it and remove its files
	tests/cluster/down

bench: build ## measure from push to page view, requests a second, the judge, the core, and the runtime beside its peers
	@scripts/bench

lint: ## check formatting, lints, docs, licenses
	@scripts/need lint
	scripts/lint

size: build ## compare the bytes before the bundle with size-budget
	@scripts/size

setup: ## install all tools
	scripts/need build web e2e images lint

help: ## list the targets
	@sed -nE 's/^([a-z%-]+):.*## (.*)/\1\t\2/p' Makefile | expand -t 14

clean: ## remove what was built
	rm -rf pkg target
