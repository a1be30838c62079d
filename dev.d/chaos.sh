# shellcheck shell=bash
# The chaos run: bookings under load while the server and its Postgres are killed.

# The optimised server, unless KEYRACK_BINARY (with its pages in KEYRACK_SITE) is another one.
run_chaos() {
    if [ -z "${KEYRACK_BINARY:-}" ]; then
        build_release
        export KEYRACK_BINARY=$BINARY KEYRACK_SITE=$ROOT/target/site
    fi
    # A crash shows nothing about what is durable if nothing is.
    start_postgres fsync=on synchronous_commit=on full_page_writes=on log_min_messages=error
    local postgres=(--postgres-data "$POSTGRES_HOME/data" --postgres-bin "$POSTGRES_BIN")
    if [ "$(id -u)" = 0 ]; then postgres+=(--postgres-user "$POSTGRES_USER"); fi
    bench/run chaos "${postgres[@]}" "$@"
}
