# shellcheck shell=bash
# .sqlx: what Postgres says about every checked query, kept in the repository so that builds need no database.
#
# sqlx's macros write these files themselves when they are expanded against a live database with SQLX_OFFLINE_DIR
# set. Cargo does not know that, and expands nothing that it has compiled before. So the crates are checked under
# a compiler wrapper of a new name each time: cargo keeps what a wrapper made apart from everything else, hence
# every macro runs, the dependencies are not compiled again, and no other build of the developer is made stale.

SQLX_WORK=$CACHE/sqlx-prepare/$$
SQLX_NEW=$SQLX_WORK/queries

# Writes what belongs into .sqlx to SQLX_NEW.
generate_sqlx() {
    local work=$SQLX_WORK status=0
    mkdir -p "$SQLX_NEW" || return
    cat >"$work/rustc" <<'WRAPPER'
#!/bin/sh
printf '%s %s\n' "$*" "$OUT_DIR" >>"${0%/*}/calls"
exec "$@"
WRAPPER
    chmod +x "$work/rustc"

    new_database keyrack_prepare || return
    (
        use_database keyrack_prepare
        apply_migrations || exit
        SQLX_OFFLINE=false SQLX_OFFLINE_DIR=$SQLX_NEW RUSTC_WORKSPACE_WRAPPER=$work/rustc CARGO_INCREMENTAL=0 \
            cargo check --workspace --exclude frontend --all-targets --keep-going
    ) || status=$?
    forget_artifacts "$work/calls"
    return $status
}

# What was compiled under the wrapper is of no further use. Cargo puts the hash that stands for it into file names.
forget_artifacts() {
    [ -f "$1" ] || return 0
    local hash
    grep -oE '(extra-filename=|/build/[^/ ]+)-[0-9a-f]{16}' "$1" | sed 's/.*-//' | sort -u | while IFS= read -r hash; do
        rm -rf "$CARGO_TARGET_DIR"/debug/{.fingerprint,deps,build}/*-"$hash"*
    done
}

remove_sqlx_work() { rm -rf "$SQLX_WORK"; }

prepare_sqlx() {
    start_postgres
    at_exit remove_sqlx_work
    must_step "asking Postgres about every query" "Correct the query or migration named above; fresh ones are in the log." \
        generate_sqlx
    mkdir -p .sqlx
    rm -f .sqlx/query-*.json
    cp "$SQLX_NEW"/query-*.json .sqlx/ 2>/dev/null || true
    stamp sqlx "$(sqlx_fingerprint)"
    say "$(find .sqlx -name 'query-*.json' | wc -l | tr -d ' ') queries in .sqlx. Commit them together with the change."
}

# Whether .sqlx is what `prepare` would write. Asking takes a compiler run, so it is asked only when something that
# the answer depends on has changed since it last was yes: migrations, files with checked queries, .sqlx itself.
check_sqlx() {
    local fingerprint
    fingerprint=$(sqlx_fingerprint)
    ! stamped sqlx "$fingerprint" || return 0
    [ -n "${POSTGRES_HOME:-}" ] || start_postgres
    at_exit remove_sqlx_work
    step "checking every query against the migrations" "Correct the query or migration named above." generate_sqlx || return
    mkdir -p .sqlx
    if ! diff -r .sqlx "$SQLX_NEW" >"$SQLX_WORK/difference"; then
        say "  FAILED  .sqlx does not match the queries and migrations. Run ./dev prepare and commit .sqlx."
        return 1
    fi
    stamp sqlx "$fingerprint"
}

sqlx_fingerprint() {
    {
        grep -A 1 '^name = "sqlx' Cargo.lock
        {
            find migrations .sqlx -type f 2>/dev/null || true
            grep -rlE --include='*.rs' '\bquery(_as|_scalar|_file|_file_as|_file_scalar)?(_unchecked)?!' \
                app crates server plugins bench 2>/dev/null || true
        } | LC_ALL=C sort | while IFS= read -r file; do
            printf '%s\n' "$file"
            cat "$file"
        done
    } | sha256
}
