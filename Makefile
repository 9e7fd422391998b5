# The front door. Every target installs what it lacks and says so; `make setup` does it for all of them at once.
SHELL := bash
PORT ?= 8080
export PATH := $(shell scripts/need --path):$(PATH)
runtime := $(shell git ls-files Cargo.lock Cargo.toml .cargo loader scripts/pack src wasm)

.PHONY: demo build test test-native test-loader test-web test-e2e test-long lint size setup clean

demo: ## the demo site, to look at and to play with
	@scripts/need wasm-target pack wasm-bindgen-cli
	@$(MAKE) --no-print-directory pkg/canary.js
	cargo run --release --package canaryctl -- serve www --port $(PORT)

# Without wasm-pack and wasm-opt, so that a first look comes soon; `make build` makes the same files, smaller.
pkg/canary.js: $(runtime)
	scripts/pack demo

build: ## pkg/ as it is shipped, and canaryctl
	@scripts/need wasm-target rust-src pack wasm-bindgen-cli wasm-pack wasm-opt
	scripts/pack build
	cargo build --release --package canaryctl

test: ## everything that proves it
	@scripts/need wasm-target rust-src pack wasm-bindgen-cli wasm-pack wasm-opt chromium firefox webkit nginx kustomize node images hadolint
	@scripts/test build size native loader web e2e

test-native: ## the pure core and canaryctl
	@scripts/test native

test-loader: ## the order of a page view, in node
	@scripts/need node
	@scripts/test loader

test-web: ## the core in headless Chromium
	@scripts/need wasm-target wasm-bindgen-cli wasm-pack chromium
	@scripts/test web

test-e2e: build ## a real Nginx, the manifests, a real browser
	@scripts/need chromium firefox webkit nginx kustomize node images hadolint
	@scripts/test e2e

test-long: build ## hours: all rows in all engines, soak, storms of faults, the chart, all images, fuzzing, mutants of the core
	@scripts/need chromium firefox webkit nginx kustomize helm node images hadolint cargo-fuzz cargo-mutants
	scripts/test-long

lint: ## formatting, lints, docs, licences
	@scripts/need wasm-target lint cargo-deny shellcheck hadolint
	scripts/lint

size: build ## bytes that a browser requests before it asks for the bundle, against size-budget
	@scripts/size

setup: ## all tools at once
	scripts/need wasm-target rust-src lint pack wasm-bindgen-cli wasm-pack wasm-opt cargo-deny shellcheck chromium firefox webkit nginx kustomize node images hadolint

clean:
	rm -rf pkg target
