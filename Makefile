# The front door. Every target installs what it lacks and says so; `make setup` does it for all of them at once.
SHELL := bash
PORT ?= 8080
export PATH := $(shell scripts/need --path):$(PATH)
runtime := $(shell git ls-files Cargo.lock Cargo.toml .cargo loader scripts/pack src wasm)

.PHONY: demo build test test-long test-cluster cluster cluster-down bench lint size setup clean

# canaryctl without what talks to a cluster, which takes longer to build than all the rest.
demo: ## the demo site, to look at and to play with
	@scripts/need wasm-target pack wasm-bindgen-cli
	@$(MAKE) --no-print-directory pkg/canary.js
	cargo run --release --package canaryctl --no-default-features -- serve www --port $(PORT)

# Without wasm-pack and wasm-opt, so that a first look comes soon; `make build` makes the same files, smaller.
pkg/canary.js: $(runtime)
	scripts/pack demo

build: ## pkg/ as it is shipped, and canaryctl
	@scripts/need build
	scripts/pack build
	cargo build --release --package canaryctl

test: ## everything that proves it
	@scripts/test build size native loader web e2e

test-e2e: build
test-%: ## one part of it: test-native, test-loader, test-web, test-e2e
	@scripts/test $*

test-long: build ## hours: all rows in all engines, soak, storms of faults and of swaps, the chart, all images, fuzzing, mutants
	@scripts/need e2e helm wrk cargo-fuzz cargo-mutants
	scripts/test-long

test-cluster: build ## from a push to the next page view on a real cluster; needs root and Go, builds half an hour once
	scripts/test-cluster

cluster: ## starts that cluster
	@scripts/need $(if $(KUBECONFIG),external-cluster,cluster)
	tests/cluster/up

cluster-down: ## stops it and removes its files
	tests/cluster/down

bench: build ## from push to page view, requests a second; fails nothing
	@scripts/bench

lint: ## formatting, lints, docs, licences
	@scripts/need lint
	scripts/lint

size: build ## bytes that a browser requests before it asks for the bundle, against size-budget
	@scripts/size

setup: ## all tools at once
	scripts/need build web e2e lint

clean:
	rm -rf pkg target
