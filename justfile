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
