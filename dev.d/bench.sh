# shellcheck shell=bash
# The table of budgets, measured in one run on the optimised server.

run_bench() {
    [ -x bench/run ] || die "There are no benchmarks yet." "They will be started by bench/run."
    build_release
    # Real durability: a figure without it would say little about real use.
    start_postgres fsync=on synchronous_commit=on full_page_writes=on
    KEYRACK_BINARY=$BINARY KEYRACK_SITE=$ROOT/target/site bench/run budgets "$@"
}
