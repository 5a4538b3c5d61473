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
DENY_VERSION := 0.20.2
SCHEMATHESIS_VERSION := $(shell sed -n 's/^schemathesis==//p' tests/contract/requirements.txt)

# Outside the checkout, so that every clone on a machine shares them.
TOOLS := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/event-platform/tools
BIN := $(CURDIR)/node_modules/.bin

WORKER_BUILD := $(TOOLS)/worker-build-$(WORKER_BUILD_VERSION)/bin/worker-build
WASM_BINDGEN := $(TOOLS)/wasm-bindgen-$(WASM_BINDGEN_VERSION)/bin/wasm-bindgen
OWN_NEXTEST := $(TOOLS)/cargo-nextest-$(NEXTEST_VERSION)/bin/cargo-nextest
NEXTEST := $(or $(shell command -v cargo-nextest 2>/dev/null),$(OWN_NEXTEST))
OWN_DENY := $(TOOLS)/cargo-deny-$(DENY_VERSION)/bin/cargo-deny
DENY := $(or $(shell command -v cargo-deny 2>/dev/null),$(OWN_DENY))
SCHEMATHESIS := $(TOOLS)/schemathesis-$(SCHEMATHESIS_VERSION)/bin/schemathesis
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
SOURCES := $(shell find src templates crates -type f) build.rs Cargo.toml Cargo.lock rust-toolchain.toml
SITE_SOURCES := $(shell find examples/web clients/typescript -type f) openapi.json scripts/build-site.mjs
TYPES := clients/typescript/schema.d.ts
WRITE_TYPES := openapi-typescript openapi.json --default-non-nullable=false
HELLO := bench/peers/hello

.PHONY: help bootstrap dev build site generate test test-native test-worker test-client test-browser
.PHONY: test-contract check lint dependencies docs size bench release clean

help: ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' Makefile | awk -F'|' '{printf "  make %-13s %s\n", $$1, $$2}'

bootstrap: $(NODE_MODULES) $(SCHEMATHESIS) | $(WASM_BINDGEN) $(NEXTEST) $(DENY) prerequisites ## install what all tasks need
	@scripts/install-chromium

# Without a terminal to read from, wrangler asks no questions.
dev: .dev.vars build site ## run the platform on http://localhost:8787
	@echo
	@echo "Starting on http://localhost:$(PORT) (Ctrl-C stops it)."
	@echo "  Is it up?   curl http://localhost:$(PORT)/api/health"
	@echo "  Look around: the example front end at /, the reference at /docs"
	@echo "  What next?  the walkthrough in README.md"
	@echo
	@args=(); while IFS='=' read -r name value; do \
	  [[ $$name =~ ^[A-Z_]+$$ && $$name != JWT_SECRET ]] && args+=(--var "$$name:$$value"); \
	done <.dev.vars || true; \
	wrangler dev --port $(PORT) $${args[@]+"$${args[@]}"} </dev/null

build: build/index.js ## compile the Worker to build/

site: public/index.html ## bundle the front end and the reference to public/

generate: $(NODE_MODULES) | $(NEXTEST) prerequisites ## write openapi.json and the client's types anew
	@UPDATE_OPENAPI=1 $(NEXTEST) nextest run --test api the_file_is_what_the_code_says
	@$(WRITE_TYPES) --output $(TYPES)

test: test-native test-worker test-client test-browser test-contract ## run every test

test-native: | $(NEXTEST) prerequisites
	@echo "Native tests"
	@$(NEXTEST) nextest run --workspace
	@echo "The API over events that have outgrown their memory"
	@EVENT_MEMORY=tiny $(NEXTEST) nextest run --test api

test-worker: build site build/release/index.js
	@echo "Tests in the real runtime"
	@$(BIN)/node --test --test-timeout=300000 --test-reporter=$(TEST_REPORTER) tests/worker/*.test.mjs

test-client: build
	@echo "The typed client: its types are those of the document, and the seven calls work"
	@$(WRITE_TYPES) 2>/dev/null | scripts/check-generated $(TYPES)
	@tsc -p clients/typescript
	@tsc -p examples/web
	@$(BIN)/node --test --test-timeout=120000 --test-reporter=$(TEST_REPORTER) tests/client/*.test.mjs

# CHROMIUM=/path/to/it takes another Chromium, SCREENSHOTS=docs/screenshots keeps the pictures.
test-browser: build site
	@scripts/install-chromium
	@echo "Tests in Chromium"
	@$(BIN)/node --test --test-timeout=120000 --test-reporter=$(TEST_REPORTER) tests/browser/*.test.mjs

# SEED=… makes up other requests.
test-contract: build $(SCHEMATHESIS)
	@echo "The Worker against its OpenAPI document"
	@$(BIN)/node tests/contract/run.mjs $(SCHEMATHESIS) --no-color

check: lint dependencies docs size test ## all that a change must pass: format, lints, docs, size, tests

lint: $(NODE_MODULES) | prerequisites
	@echo "Format"
	@cargo fmt --all --check
	@cargo fmt --check --manifest-path $(HELLO)/Cargo.toml
	@echo "Layers, circles, retired words"
	@scripts/check-layers
	@node scripts/check-architecture.mjs
	@echo "Lock files"
	@cargo metadata --locked --format-version 1 >/dev/null
	@npm ls --all --loglevel=error >/dev/null
	@echo "Lints, native and WebAssembly: each target compiles code that the other never sees"
	@cargo clippy --quiet --workspace --all-targets -- -D warnings
	@cargo clippy --quiet --lib --target wasm32-unknown-unknown -- -D warnings

# Offline, but for the advisories: where their sources cannot be reached, that is said and no more.
dependencies: $(NODE_MODULES) | $(DENY) prerequisites
	@echo "Dependencies: licences, sources, bans; known vulnerabilities where the lists can be reached"
	@scripts/check-dependencies $(DENY)

docs: | prerequisites
	@echo "Documentation"
	@RUSTDOCFLAGS="-D warnings" cargo doc --quiet --no-deps --lib --target wasm32-unknown-unknown

size: build
	@echo "Size of the Worker"
	@scripts/check-size

bench: build $(HELLO)/build/index.js ## measure what requests cost, beside peers
	@$(BIN)/node bench/run.mjs $(BENCH_ARGS)

# BENCH_ARGS chooses what is measured. Nothing is pushed.
release: $(NODE_MODULES) | $(NEXTEST) prerequisites ## make a release: VERSION=1.2.3 (changelog, two commits, a tag)
	@NEXTEST=$(NEXTEST) scripts/release "$(VERSION)"

clean: ## remove what was built, installed and stored here
	rm -rf build public target node_modules .wrangler $(HELLO)/build

# Never overwritten: it has no prerequisites.
.dev.vars:
	@echo "Creating .dev.vars with a random JWT_SECRET"
	@(umask 077; echo "JWT_SECRET=$$(head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n')" >$@)

build/index.js: $(SOURCES) scripts/build-worker $(BUILD_TOOLS)
	@echo "Compiling the Worker (a minute or two the first time)"
	@scripts/build-worker

# The last release, which runs beside today's during a rollout.
build/release/index.js: release.json $(BUILD_TOOLS)
	@scripts/build-release $(@D)
	@touch $@

public/index.html: $(SITE_SOURCES) $(NODE_MODULES)
	@echo "Bundling the front end and the reference"
	@$(BIN)/node scripts/build-site.mjs

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

$(OWN_DENY): | prerequisites
	@scripts/install-tool cargo-deny $(DENY_VERSION) $(@D)

$(SCHEMATHESIS): tests/contract/requirements.txt
	@scripts/install-schemathesis $(patsubst %/bin/schemathesis,%,$@)
	@touch $@

.PHONY: prerequisites
prerequisites:
	@scripts/prerequisites
