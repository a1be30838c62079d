# shellcheck shell=bash disable=SC2034
# Where things are kept, and the environment that every build shares.

# Outside the checkout: a second checkout then finds the tools and the compiled dependencies of the first.
CACHE=${KEYRACK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/keyrack}
TOOLS=$CACHE/tools
LOGS=$CACHE/logs
STAMPS=$CACHE/stamps
mkdir -p "$TOOLS/bin" "$LOGS" "$STAMPS"

export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$CACHE/target}
export PATH="$TOOLS/bin:$ROOT/node_modules/.bin:$PATH"

# cargo-leptos sets these for what it builds. They are read at compile time deep inside Leptos, so plain cargo
# must see the same values: otherwise each change between the two compiles Leptos and all above it again, and a
# server built by `cargo test` would look for its server functions under other addresses than the browser.
export LEPTOS_OUTPUT_NAME=keyrack
export SERVER_FN_PREFIX=/actions
export DISABLE_SERVER_FN_HASH=true

# The backtrace of a build tool says nothing about the code it was to build. (Tests set their own.)
export RUST_BACKTRACE=${RUST_BACKTRACE:-0}

# Queries are checked against .sqlx, so no build needs a database; dev.d/sqlx.sh keeps .sqlx true.
export SQLX_OFFLINE=true

MACOS=false
[ "$(uname -s)" != Darwin ] || MACOS=true

# A stamp says for which version of its input something was last done; comparing it is all that a machine that
# is already set up has to do.
stamped() { [ -f "$STAMPS/$1" ] && [ "$(<"$STAMPS/$1")" = "$2" ]; }
stamp() { printf '%s\n' "$2" >"$STAMPS/$1"; }

sha256() {
    if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi | cut -d ' ' -f 1
}

# The directories of the workspace's own crates.
crate_dirs() {
    local manifest
    for manifest in app frontend server crates/* plugins/* bench; do
        [ ! -f "$manifest/Cargo.toml" ] || echo "$manifest"
    done
}

# Checkouts on one machine share compiled code. Cargo tells our own crates apart by their path inside the
# workspace and by file times, so after a build in another checkout it could take that checkout's code for this
# one's. Forget our own crates then (the dependencies stay).
claim_target_dir() {
    local owner=$CARGO_TARGET_DIR/.checkout dir name
    mkdir -p "$CARGO_TARGET_DIR"
    if [ -f "$owner" ] && [ "$(<"$owner")" != "$ROOT" ]; then
        say "The last build was of another checkout: Keyrack's own crates are compiled anew."
        for dir in $(crate_dirs); do
            name=$(sed -n 's/^name *= *"\(.*\)"/\1/p' "$dir/Cargo.toml" | head -n 1)
            find "$CARGO_TARGET_DIR" -maxdepth 6 -type d -path "*/.fingerprint/$name-????????????????" -prune -exec rm -rf {} +
        done
    fi
    printf '%s\n' "$ROOT" >"$owner"
}
