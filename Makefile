.PHONY: dev clean-dev setup test test-stores stories-on-stores stories-on-localstack check bench

# All of Sluice on this machine, until Ctrl-C. OPTIONS="--help" shows what can be set. STORE=ceph, STORE=seaweedfs or
# STORE=minio keeps the objects in that store rather than in the emulator. STACK=localstack takes LocalStack as that.
dev: setup
	cargo run --locked --bin sluice-dev -- $(if $(STACK),--stack $(STACK)) $(if $(STORE),--store $(STORE)) $(OPTIONS)

# Forget what `make dev` stored.
clean-dev:
	rm -rf target/dev

# What `make dev` needs beside Rust: on Debian and Ubuntu, Python's venv module is a package of its own.
setup:
	@command -v cargo >/dev/null || { echo "Rust is needed: https://rustup.rs" >&2; exit 1; }
	@python3 -c 'import venv, ensurepip' 2>/dev/null || \
	{ [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get install -y --no-install-recommends python3-venv; } || \
	{ echo "Python 3.11 or newer with its venv module is needed: apt-get install python3-venv" >&2; exit 1; }

# Every test, on an emulator that the tests bring up themselves: ministack, or with STACK=localstack LocalStack.
test: setup
	$(if $(STACK),SLUICE_TEST_STACK=$(STACK)) cargo test --workspace --locked

# What real stores do, and the main stories on each. They are installed where they are missing, Ceph as root by apt-get.
test-stores: setup
	cargo test --locked -p sluice-tests --test stores
	$(MAKE) stories-on-stores

stories-on-stores:
	for store in ceph seaweedfs minio; do \
		echo "stories on $$store" && \
		SLUICE_TEST_STORE=$$store cargo test --locked -p sluice-tests --test stories -- $(STORE_STORIES) || exit 1; \
	done

# The stories that treat objects in every way there is. Not the folder of a thousand files: a store's webhooks call the
# emulator's functions faster than it can run them.
STORE_STORIES = upload_and_read single_put completion chunks delta reading compression migration versions \
	command::a_put command::an_edited bridge_deployed

# The main stories on LocalStack. It and its DynamoDB are installed where they are missing, which takes minutes.
stories-on-localstack: setup
	SLUICE_TEST_STACK=localstack cargo test --locked -p sluice-tests --test stories -- $(LOCALSTACK_STORIES)

LOCALSTACK_STORIES = upload_and_read single_put completion chunks delta reading compression migration versions listing \
	accounts sweep command::a_put command::an_edited routes

# What a change must pass before it is taken.
check: setup
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	$(MAKE) test
	$(MAKE) stories-on-stores
	$(MAKE) stories-on-localstack

# Sluice beside its peers, as docs/MEASUREMENTS.md tells; on a quiet machine. OPTIONS="--help" shows what can be set.
bench: setup
	cargo run --locked --release --bin sluice-benchmarks -- $(OPTIONS)
