# Every task of the project. The first run of `make dev` or `make test` installs
# what it needs, saying so; later runs start in seconds. Needs rustup, Node 20 or
# later, a C compiler and make (GNU make 3.81, as macOS has it, is enough).

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:

# Tools and crates that must agree take their version from Cargo.lock.
locked = $(shell sed -n '/^name = "$(1)"$$/{n;s/^version = "\(.*\)"$$/\1/p;}' Cargo.lock)
WORKER_BUILD_VERSION := $(call locked,worker)
WASM_BINDGEN_VERSION := $(call locked,wasm-bindgen)
NEXTEST_VERSION := 0.9.143

# Outside the checkout, so that every clone on a machine shares them.
TOOLS := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/event-platform/tools
BIN := $(CURDIR)/node_modules/.bin

WORKER_BUILD := $(TOOLS)/worker-build-$(WORKER_BUILD_VERSION)/bin/worker-build
WASM_BINDGEN := $(TOOLS)/wasm-bindgen-$(WASM_BINDGEN_VERSION)/bin/wasm-bindgen
OWN_NEXTEST := $(TOOLS)/cargo-nextest-$(NEXTEST_VERSION)/bin/cargo-nextest
NEXTEST := $(or $(shell command -v cargo-nextest 2>/dev/null),$(OWN_NEXTEST))
NODE_MODULES := node_modules/.package-lock.json
BUILD_TOOLS := $(NODE_MODULES) | $(WASM_BINDGEN) prerequisites

# wrangler needs a newer Node than the one that may be installed; npm brings it.
export PATH := $(BIN):$(PATH)
export WASM_BINDGEN_BIN := $(WASM_BINDGEN)
export WASM_OPT_BIN := $(BIN)/wasm-opt
export ESBUILD_BIN := $(BIN)/esbuild
# The local runtime need not ask a server where it is.
export CLOUDFLARE_CF_FETCH_ENABLED := false

PORT := 8787
TEST_REPORTER := spec
SOURCES := $(shell find src templates -type f) build.rs Cargo.toml Cargo.lock rust-toolchain.toml
HELLO := bench/peers/hello

.PHONY: help dev build test test-native test-worker check lint docs bench clean

help: ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' Makefile | awk -F'|' '{printf "  make %-7s %s\n", $$1, $$2}'

# Without a terminal to read from, wrangler asks no questions.
dev: .dev.vars build ## run the platform on http://localhost:8787
	@echo
	@echo "Starting on http://localhost:$(PORT) (Ctrl-C stops it)."
	@echo "  Is it up?   curl http://localhost:$(PORT)/api/health"
	@echo "  What next?  the walkthrough in README.md"
	@echo
	@wrangler dev --port $(PORT) </dev/null

build: build/index.js ## compile the Worker to build/

test: test-native test-worker ## run every test, natively and in the real runtime

test-native: | $(NEXTEST) prerequisites
	@echo "Native tests"
	@$(NEXTEST) nextest run

test-worker: build
	@echo "Tests in the real runtime"
	@$(BIN)/node --test --test-timeout=120000 --test-reporter=$(TEST_REPORTER) tests/worker/*.test.mjs

check: lint docs test ## all that a change must pass: format, lints, docs, tests

lint: $(NODE_MODULES) | prerequisites
	@echo "Format"
	@cargo fmt --check
	@cargo fmt --check --manifest-path $(HELLO)/Cargo.toml
	@echo "Layers"
	@scripts/check-layers
	@echo "Lock files"
	@cargo metadata --locked --format-version 1 >/dev/null
	@npm ls --all --loglevel=error >/dev/null
	@echo "Lints, native and WebAssembly: each target compiles code that the other never sees"
	@cargo clippy --quiet --all-targets -- -D warnings
	@cargo clippy --quiet --lib --target wasm32-unknown-unknown -- -D warnings

docs: | prerequisites
	@echo "Documentation"
	@RUSTDOCFLAGS="-D warnings" cargo doc --quiet --no-deps --lib --target wasm32-unknown-unknown

bench: build $(HELLO)/build/index.js ## measure what requests cost, beside peers
	@$(BIN)/node bench/run.mjs $(BENCH_ARGS)

clean: ## remove what was built, installed and stored here
	rm -rf build target node_modules .wrangler $(HELLO)/build

# Never overwritten: it has no prerequisites.
.dev.vars:
	@echo "Creating .dev.vars with a random JWT_SECRET"
	@(umask 077; echo "JWT_SECRET=$$(head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n')" >$@)

build/index.js: $(SOURCES) scripts/build-worker $(BUILD_TOOLS)
	@echo "Compiling the Worker (a minute or two the first time)"
	@scripts/build-worker

# As the `worker` crate's users build theirs.
$(HELLO)/build/index.js: $(HELLO)/src/lib.rs $(HELLO)/Cargo.toml $(HELLO)/Cargo.lock $(BUILD_TOOLS) $(WORKER_BUILD)
	@echo "Compiling the empty Worker"
	@cd $(HELLO) && CARGO_TARGET_DIR=$(CURDIR)/target $(WORKER_BUILD) --release

$(NODE_MODULES): package.json package-lock.json | prerequisites
	@echo "Installing wrangler, its runtime and Node from npm (500 MB, less than a minute)"
	@npm ci --loglevel=error
	@touch $@

$(WORKER_BUILD): | prerequisites
	@scripts/install-tool worker-build $(WORKER_BUILD_VERSION) $(@D)

$(WASM_BINDGEN): | prerequisites
	@scripts/install-tool wasm-bindgen-cli $(WASM_BINDGEN_VERSION) $(@D)

$(OWN_NEXTEST): | prerequisites
	@scripts/install-tool cargo-nextest $(NEXTEST_VERSION) $(@D)

.PHONY: prerequisites
prerequisites:
	@scripts/prerequisites
