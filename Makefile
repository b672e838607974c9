.PHONY: dev clean-dev setup

# All of Sluice on this machine, until Ctrl-C. OPTIONS="--help" shows what can be set.
dev:
	cargo run --locked --bin sluice-dev -- $(OPTIONS)

# Forget what `make dev` stored.
clean-dev:
	rm -rf target/dev

# What `make dev` needs beside Rust: on Debian and Ubuntu, Python's venv module is a package of its own.
setup:
	@command -v cargo >/dev/null || { echo "Rust is needed: https://rustup.rs" >&2; exit 1; }
	@python3 -c 'import venv, ensurepip' 2>/dev/null || \
	{ [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get install -y --no-install-recommends python3-venv; } || \
	{ echo "Python 3.11 or newer with its venv module is needed: apt-get install python3-venv" >&2; exit 1; }
