# shellcheck shell=bash
# Building and running Keyrack: optimised (`run`) and reloading (`watch`).

BINARY=$CARGO_TARGET_DIR/release/keyrack

# The environment in which a built server finds its pages; cargo-leptos gives it to what it starts itself.
# with_site SITE-DIRECTORY [NAME=VALUE...] COMMAND...: the command takes the place of this process.
with_site() {
    local site=$1
    shift
    exec env LEPTOS_SITE_ROOT="$site" LEPTOS_SITE_PKG_DIR=pkg LEPTOS_HASH_FILES=true LEPTOS_HASH_FILE_NAME=hash.txt "$@"
}

build_release() {
    release_is_current && return
    must_step "building Keyrack, optimised (the first time compiles everything: a quarter of an hour)" \
        "Correct what the compiler says; what was compiled is kept." \
        cargo leptos build --release --precompress --split
    touch target/site/.built
}

# cargo-leptos writes the pages anew each time, so it is only asked when something is newer than its last result.
release_is_current() { [ -x "$BINARY" ] && is_current target/site/.built "$BINARY"; }

# is_current BUILT FILE: nothing changed since BUILT was touched, and FILE, which the build writes for whoever runs it from
# whichever checkout, is not newer: another checkout's would be. (Directories are looked at too: they change when a file goes.)
is_current() {
    [ -f "$1" ] && [ -f "$2" ] && [ ! "$2" -nt "$1" ] && [ -z "$(changed_since "$1")" ]
}

changed_since() {
    local input inputs=()
    for input in $(crate_dirs) migrations style public .sqlx Cargo.toml Cargo.lock .cargo package-lock.json; do
        [ ! -e "$input" ] || inputs[${#inputs[@]}]=$input
    done
    find "${inputs[@]}" -newer "$1" 2>/dev/null | head -n 1 || true
}

run_keyrack() {
    build_release
    # Ctrl-C then reaches the server alone, and it stops itself and its database in order.
    trap - EXIT INT TERM
    with_site "$ROOT/target/site" KEYRACK_DEMO="${KEYRACK_DEMO:-true}" "$BINARY" serve "$@"
}

watch_keyrack() {
    trap - EXIT INT TERM
    # Reloading code is compiled into Leptos itself, so it has a target directory of its own; else each `watch`
    # after a `test`, and each `test` after a `watch`, would compile Leptos again.
    KEYRACK_DEMO=${KEYRACK_DEMO:-true} CARGO_TARGET_DIR=$CARGO_TARGET_DIR/watch LEPTOS_SITE_ROOT=target/site-watch \
        exec cargo leptos watch --split "$@"
}
