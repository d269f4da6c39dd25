# Mirrors .ci/run, one piece at a time.
set shell := ["bash", "-euo", "pipefail", "-c"]

export CROSS_CONFIG := "cross.toml"

# everything that must pass before a change lands
ci:
    bash .ci/run

fmt:
    cargo fmt

lint:
    cargo clippy --locked --all-targets -- -D warnings

test:
    cargo test --locked

# rewrites the text goldens; read the difference before you commit it
goldens:
    UPDATE_GOLDENS=1 cargo test --locked

deny:
    cargo deny check

demo:
    cargo run --locked --release -- demo --units 4

# Debian packages for the Raspberry Pi and the desk: `just deb`, or `just deb arm64`; see deploy/build-deb
deb *ARCH:
    deploy/build-deb {{ARCH}}

# with Docker: `just cross arm-unknown-linux-gnueabihf` for a Pi Zero or Pi 1; see cross.toml
cross TARGET:
    cross build --locked --release --target {{TARGET}}

# the packages and the programs in emulation; see deploy/test/README.md
deploy-test:
    deploy/test/qemu-user
    deploy/test/package
    deploy/test/gpio-sim
    deploy/test/raspi3b
