# What people run. Each target does its own set-up: it installs the Debian packages it finds missing, and builds once.

SWIFT ?= swift
EXAMPLES = --package-path Examples
FORMATTED = Package.swift Sources Tests Examples/Package.swift Examples/Sources Examples/Tests
BUILD_PACKAGES = libzookeeper-mt-dev zlib1g-dev
TEST_PACKAGES = $(BUILD_PACKAGES) zookeeper python3-kazoo

.PHONY: help demo build test test-main test-examples bench lint format clean setup-build setup-test

help: ## Show the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

demo: setup-build ## Run a cluster in one process, kill a node, watch the failover (ARGS='--format json')
	@$(SWIFT) build --quiet --product helix
	@"$$($(SWIFT) build --show-bin-path)/helix" demo $(ARGS)

build: setup-build ## Build everything
	$(SWIFT) build

test: test-main test-examples ## Run every test, those against real ZooKeeper servers included

# Three runs of one build: what computes, what waits, and what starts processes do not disturb each other.
PURE_TESTS = ^(StateModels|HelixRecords|Placement|RebalancePipeline|Simulation)Tests\.
PROCESS_TESTS = ^(Integration|CommandLineTests|DocumentationTests)\.

test-main: setup-test
	$(SWIFT) build --build-tests
	$(SWIFT) test --skip-build --filter '$(PURE_TESTS)'
	$(SWIFT) test --skip-build --skip '$(PURE_TESTS)' --skip '$(PROCESS_TESTS)'
	$(SWIFT) test --skip-build --filter '$(PROCESS_TESTS)'

test-examples: setup-test
	$(SWIFT) build $(EXAMPLES) --build-tests
	$(SWIFT) test $(EXAMPLES) --skip-build

bench: setup-test ## Measure against a ZooKeeper of its own; JSON lines and a table (ARGS='--quick')
	@$(SWIFT) build --quiet -c release --product Benchmarks
	@"$$($(SWIFT) build -c release --show-bin-path)/Benchmarks" $(ARGS)

lint: ## Check the formatting and the documentation of public declarations
	$(SWIFT) format lint --strict --parallel --recursive $(FORMATTED)

format: ## Format all sources
	$(SWIFT) format --in-place --parallel --recursive $(FORMATTED)

clean: ## Remove what was built
	rm -rf .build Examples/.build

setup-build:
	@.ci/install $(BUILD_PACKAGES)

setup-test:
	@.ci/install $(TEST_PACKAGES)
