# What people run. Each target does its own set-up: it installs the Debian packages it finds missing, and builds once.

SWIFT ?= swift
INPUTS ?= 1000000
SEEDS ?= 1000
EXAMPLES = --package-path Examples
FORMATTED = Package.swift Sources Tests Examples/Package.swift Examples/Sources Examples/Tests
BUILD_PACKAGES = libzookeeper-mt-dev zlib1g-dev
TEST_PACKAGES = $(BUILD_PACKAGES) zookeeper python3-kazoo
# For the containers of an example: a Docker Engine that tests start by themselves.
ENGINE_PACKAGES = docker.io docker-registry busybox-static iproute2 openssl

.PHONY: help demo fleet-demo fleet-bench build release test test-main test-units test-processes build-examples \
	test-examples chaos simulate soak replay mutants fuzz sanitize bench lint format clean setup-build setup-test

help: ## Show the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

demo: setup-build ## Run a cluster in one process, kill a node, watch the failover (ARGS='--format json')
	@$(SWIFT) build --quiet --product helix
	@"$$($(SWIFT) build --show-bin-path)/helix" demo $(ARGS)

fleet-demo: setup-test ## Run containers on three hosts of a fleet, and break it (needs Docker or Podman, or root to start one)
	@.ci/install $(ENGINE_PACKAGES)
	@$(SWIFT) build $(EXAMPLES) --quiet --product fleet
	@Examples/Sources/ContainerFleet/demo "$$($(SWIFT) build $(EXAMPLES) --show-bin-path)/fleet"

build: setup-build ## Build everything
	$(SWIFT) build

release: setup-build ## Build everything optimized, as it is shipped: the optimizer has faults of its own
	$(SWIFT) build -c release

# The examples are built while processes are tested, which wait most of the time, and come first.
test: test-units ## Run every test, those against real ZooKeeper servers included
	@.ci/install $(ENGINE_PACKAGES)
	$(MAKE) -j2 test-processes build-examples
	$(MAKE) test-examples

# Five runs of one build: what computes, what waits (in two parts, since on two cores waiting takes its share too), what
# starts processes, and what breaks all of it do not disturb each other.
PURE_TESTS = ^(StateModels|HelixRecords|Placement|RebalancePipeline|Fuzz|Simulation)Tests\.
PROCESS_TESTS = ^(Integration|CommandLineTests|DocumentationTests|MutantsTests)\.
CONTROL_TESTS = ^(HelixController|HelixAdmin)Tests\.
CHAOS_TESTS = ^Chaos\.
# Of the examples: what has an Engine by itself, and what has a whole fleet.
ENGINE_TESTS = ^Fleet(Engine|Agent)Tests\.
FLEET_TESTS = ^FleetTests\.
MINUTES ?= 3

test-main: test-units
	$(MAKE) test-processes

test-units: setup-test
	$(SWIFT) build --build-tests
	.ci/test $(SWIFT) test --skip-build --filter '$(PURE_TESTS)'
	.ci/test $(SWIFT) test --skip-build --filter '$(CONTROL_TESTS)'
	.ci/test $(SWIFT) test --skip-build --skip '$(PURE_TESTS)' --skip '$(CONTROL_TESTS)' --skip '$(PROCESS_TESTS)' \
		--skip '$(CHAOS_TESTS)'

test-processes: setup-test
	.ci/test $(SWIFT) test --skip-build --filter '$(PROCESS_TESTS)'
	.ci/test $(SWIFT) test --skip-build --filter '$(CHAOS_TESTS)'

build-examples: setup-build
	nice -n 19 $(SWIFT) build $(EXAMPLES) --build-tests --quiet

test-examples: setup-test
	@.ci/install $(ENGINE_PACKAGES)
	$(SWIFT) build $(EXAMPLES) --build-tests
	.ci/test $(SWIFT) test $(EXAMPLES) --skip-build --skip '$(ENGINE_TESTS)' --skip '$(FLEET_TESTS)'
	.ci/test $(SWIFT) test $(EXAMPLES) --skip-build --filter '$(ENGINE_TESTS)'
	.ci/test $(SWIFT) test $(EXAMPLES) --skip-build --filter '$(FLEET_TESTS)'

chaos: setup-test ## Break a cluster on an ensemble at random and judge it (MINUTES=3; HELIX_CHAOS_SEED=N repeats a plan)
	$(SWIFT) build --build-tests
	HELIX_CHAOS_MINUTES=$(MINUTES) .ci/test $(SWIFT) test --skip-build --filter '$(CHAOS_TESTS)'

bench: setup-test ## Measure against a ZooKeeper of its own; JSON lines and a table (ARGS='--quick', ARGS='--only placement')
	@$(SWIFT) build --quiet -c release --product Benchmarks
	@"$$($(SWIFT) build -c release --show-bin-path)/Benchmarks" $(ARGS)

fleet-bench: setup-build ## Measure what a fleet of 1,000 hosts costs its masters; a JSON line and words (ARGS='--hosts 100')
	@$(SWIFT) build $(EXAMPLES) --quiet -c release --product FleetBench
	@"$$($(SWIFT) build $(EXAMPLES) -c release --show-bin-path)/FleetBench" $(ARGS)

simulate: setup-build ## Run whole clusters in a simulated world (SEEDS=1000, ARGS='--first-seed 5000'; replay one with make replay)
	@$(SWIFT) build --quiet -c release --product Simulate
	@"$$($(SWIFT) build -c release --show-bin-path)/Simulate" run --seeds $(SEEDS) $(ARGS)

soak: setup-build ## Run seeds that nobody has run before (MINUTES=3)
	@$(SWIFT) build --quiet -c release --product Simulate
	@"$$($(SWIFT) build -c release --show-bin-path)/Simulate" soak --minutes $(MINUTES) $(ARGS)

replay: setup-build ## Run one seed again, cut down to what matters, with its timeline (SEED=4711)
	@$(SWIFT) build --quiet -c release --product Simulate
	@"$$($(SWIFT) build -c release --show-bin-path)/Simulate" replay $(SEED) $(ARGS)

mutants: setup-build ## Commit faults in a copy, one at a time: the simulator must find each (ARGS='--list')
	@$(SWIFT) build --quiet --product Mutants
	@"$$($(SWIFT) build --show-bin-path)/Mutants" --swift $(SWIFT) $(ARGS)

fuzz: setup-build ## Feed decoders, rules and whole clusters with spoilt input (INPUTS=1000000, ARGS='--seed 2')
	@$(SWIFT) build --quiet -c release --product Fuzz
	@"$$($(SWIFT) build -c release --show-bin-path)/Fuzz" --inputs $(INPUTS) $(ARGS)

sanitize: setup-test ## Run tests under the thread and the address sanitizer, each in a build of its own
	@SWIFT=$(SWIFT) .ci/sanitize thread
	@SWIFT=$(SWIFT) .ci/sanitize address

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
