# shellcheck shell=bash
# What must hold before any test. Everything is tried, so that one run shows all there is to correct.

run_check() {
    local failed=0
    step "formatting" "Run ./dev fmt." cargo fmt --all --check || failed=1
    check_sqlx || failed=1
    # `frontend` is built for the browser only: together with the rest it would turn on Leptos's server and
    # browser halves at once, which exclude each other.
    step "lints: server" "Correct what clippy says; it lets no warning through." \
        cargo clippy --workspace --exclude frontend --all-targets -- -D warnings || failed=1
    step "lints: browser" "Correct what clippy says; it lets no warning through." \
        cargo clippy --package frontend --target wasm32-unknown-unknown --target-dir "$CARGO_TARGET_DIR/front" -- -D warnings || failed=1
    return $failed
}
