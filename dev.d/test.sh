# shellcheck shell=bash
# Every test there is: Rust and SQL, the API against its description, the Stripe sandbox against Stripe's SDK, the pages in a
# browser, the server killed under load.

# As whom the API is tried: an owner of the demo data, who may do nearly everything in one company, the paths in two shares;
# and, shorter, the platform's admin and a customer, over the paths that are theirs.
API_SHARES='desk company admin customer'
api_user() {
    case $1 in
        desk | company) echo owner@harbour.example 'HarbourDesk1!' ;;
        admin) echo admin@example.com AdminPass123@ ;;
        customer) echo test@example.com TestPass123@ ;;
    esac
}

TEST_SITE=target/site-test
PROBLEMS=()
PASSED=0 COUNTED=0 SKIPPED=0

run_tests() {
    local parts='' part
    while [ $# -gt 0 ]; do
        case $1 in
            check | rust | api | stripe | browser | chaos) parts="$parts $1" ;;
            --) shift && break ;;
            *) die "There is no kind of test \`$1\`." "Kinds: check rust api stripe browser chaos (all, if none is named)." ;;
        esac
        shift
    done
    [ -n "$parts" ] || parts='check rust api stripe browser chaos'

    start_postgres
    case $parts in
        *api*stripe*chaos*)
            for part in check rust; do
                case $parts in *$part*) "test_$part" "$@" ;; esac
            done
            side_by_side api stripe chaos
            case $parts in *browser*) test_browser "$@" ;; esac
            ;;
        *) for part in $parts; do "test_$part" "$@"; done ;;
    esac

    say ""
    [ ${#PROBLEMS[@]} = 0 ] || for part in "${PROBLEMS[@]}"; do say "Failed: $part"; done
    say "$(counts "$PASSED" $((COUNTED + ${#PROBLEMS[@]})) "$SKIPPED")"
    [ $((COUNTED + ${#PROBLEMS[@]})) = 0 ]
}

# Kinds of which each mostly waits for somebody: together they take as long as the longest. What they print follows one
# after the other.
side_by_side() {
    local part
    # Before, or they would wait for each other's compiler.
    build_for_tests || return 0
    say "  start side by side: $*"
    at_exit stop_parts
    for part in "$@"; do
        count_apart "$part" >"$LOGS/part-$part.out" 2>&1 &
        PARTS[${#PARTS[@]}]=$!
    done
    for part in ${PARTS[@]+"${PARTS[@]}"}; do wait "$part" || true; done
    PARTS=()
    for part in "$@"; do
        cat "$LOGS/part-$part.out"
        add_counts "$part" <"$LOGS/part-$part.counts"
    done
}

# count_apart KIND: in a process of its own, which leaves what it counted and what nobody counts in a file.
count_apart() {
    AT_EXIT=() PROBLEMS=() PASSED=0 COUNTED=0 SKIPPED=0
    trap 'exit 143' TERM
    trap clean_up EXIT
    echo "0 0 0 $1 tests ended early" >"$LOGS/part-$1.counts"
    "test_$1"
    {
        echo "$PASSED $COUNTED $SKIPPED"
        [ ${#PROBLEMS[@]} = 0 ] || printf '0 0 0 %s\n' "${PROBLEMS[@]}"
    } >"$LOGS/part-$1.counts"
}

add_counts() {
    local passed failed skipped what
    while read -r passed failed skipped what; do
        PASSED=$((PASSED + passed)) COUNTED=$((COUNTED + failed)) SKIPPED=$((SKIPPED + skipped))
        [ -z "$what" ] || problem "$what"
    done
}

PARTS=()
stop_parts() { [ ${#PARTS[@]} = 0 ] || kill -TERM "${PARTS[@]}" 2>/dev/null || true; }

# The line that other tools read, too: `N passed, N failed`, alone.
counts() {
    printf '%s passed, %s failed' "$1" "$2"
    [ "$3" = 0 ] || printf ', %s skipped' "$3"
}

# result KIND EXIT-STATUS PASSED FAILED SKIPPED
result() {
    say "$1: $(counts "$3" "$4" "$5")"
    PASSED=$((PASSED + $3))
    COUNTED=$((COUNTED + $4))
    SKIPPED=$((SKIPPED + $5))
    # A test program that crashed, or had nothing to run, has no count to show for it.
    if [ "$2" != 0 ] && [ "$4" = 0 ]; then problem "$1 tests ended with an error"; fi
    if [ "$2" = 0 ] && [ "$3" = 0 ]; then problem "$1 tests: none was run"; fi
}

# problem WHAT: a failure that no test counts.
problem() { PROBLEMS[${#PROBLEMS[@]}]=$1; }

test_check() {
    run_check || problem "./dev check"
}

test_rust() {
    local status=0 targets=--all-targets
    build_rust || return 0
    # Every database of a test is a copy of template1, so most of them need not be migrated.
    use_database template1
    "$CARGO_TARGET_DIR/debug/keyrack" migrate >/dev/null || problem "migrating the tests' database"
    use_database keyrack
    # More at once than there are cores: most of a test's time goes into waiting for Postgres.
    # To have rustdoc look for examples in comments takes half a minute, also where there are none.
    if grep -rqE '^ *//[/!] ?```' --include='*.rs' app bench crates plugins server; then targets=; fi
    # shellcheck disable=SC2086
    STEP_TAIL=0 step "Rust and SQL tests" "" env RUST_TEST_THREADS=8 cargo test --workspace --exclude frontend $targets --no-fail-fast -- "$@" || status=$?
    # Not `head`: it ends before awk does, which ended the whole run.
    [ $status = 0 ] || awk '/^failures:$/ { show = 1 } /^test result:/ { show = 0 } show && shown++ < 300' "$STEP_LOG"
    # shellcheck disable=SC2046
    result rust $status $(awk '/^test result:/ { passed += $4; failed += $6; skipped += $8 } END { print passed + 0, failed + 0, skipped + 0 }' "$STEP_LOG")
}

test_api() {
    build_for_tests && start_server api || return 0
    local status=0 share counts passed=0 failed=0 skipped=0
    step "the API against its description (schemathesis)" "The log shows each failing request as a curl command." \
        try_api "$@" || status=$?
    for share in $API_SHARES; do
        counts=$(junit_counts "$SERVER_HOME/$share.xml")
        # shellcheck disable=SC2086
        set -- $counts
        passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))
        [ "$1" != 0 ] || problem "the API, $share: nothing was tried"
    done
    result api $status $passed $failed $skipped
    stop_server
}

# All at once: most of the time goes into waiting for the server.
try_api() {
    local share pid pids='' status=0
    for share in $API_SHARES; do
        try_api_share "$share" "$@" >"$SERVER_HOME/$share.log" 2>&1 &
        pids="$pids $!"
    done
    for pid in $pids; do wait "$pid" || status=1; done
    for share in $API_SHARES; do
        say "--- $share"
        cat "$SERVER_HOME/$share.log"
    done
    return $status
}

# try_api_share SHARE: a fixed seed, so that a failure seen once is seen again by the next person. One worker in each process:
# two that read Python's source at the same moment end each other with a SystemError (CPython issue 106905).
try_api_share() {
    local share=$1 token only=() examples=25 config=()
    shift
    # shellcheck disable=SC2046
    token=$(api_token $(api_user "$share")) || {
        say "  FAILED  signing in to the API for the $share"
        return 1
    }
    case $share in
        desk) only=(--exclude-path-regex '^/api/') ;;
        # At the admin's paths an owner is refused before anything is looked at.
        company) only=(--include-path-regex '^/api/' --exclude-path-regex '^/api/(v1/)?admin/') ;;
        admin) examples=8 only=(--include-path-regex '^/api/(v1/)?admin/') ;;
        # Another password would end what the others are signed in with.
        customer) examples=8 only=(--include-path-regex '^/api/v1/user/' --exclude-path /api/v1/user/change-password) ;;
    esac
    [ ! -f end2end/schemathesis.toml ] || config=(--config-file end2end/schemathesis.toml)
    "$CACHE/venv/bin/schemathesis" ${config[@]+"${config[@]}"} run "$SERVER_URL/api/openapi.json" \
        --header "Authorization: Bearer $token" --seed 20 --workers 1 --max-examples $examples --continue-on-failure \
        ${only[@]+"${only[@]}"} \
        --checks not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance \
        --report-junit-path "$SERVER_HOME/$share.xml" "$@"
}

test_stripe() {
    local status=0
    build_rust || return 0
    STEP_TAIL=60 step "the Stripe sandbox against Stripe's SDK and OpenAPI document" "" \
        env SANDBOX_BIN="$CARGO_TARGET_DIR/debug/examples/serve" \
        node --test --test-reporter=tap "$@" crates/stripe-sandbox/tests/sdk/ || status=$?
    # shellcheck disable=SC2046
    result stripe $status $(awk '/^# pass / { passed = $3 } /^# fail / { failed = $3 } /^# skipped / { skipped = $3 }
        END { print passed + 0, failed + 0, skipped + 0 }' "$STEP_LOG")
}

test_browser() {
    build_for_tests && start_server browser || return 0
    local status=0
    STEP_TAIL=0 step "the pages in a browser (Playwright)" "Screenshots are in end2end/results." \
        playwright_tests "$@" || status=$?
    # Without the line that says of each path that it began.
    [ $status = 0 ] || plain_text <"$STEP_LOG" | grep -av -e '^\[[0-9]*/' -e '^[[:space:]]*$' | awk "NR <= 200"
    # shellcheck disable=SC2046
    result browser $status $(plain_text <"$STEP_LOG" | awk '
        /^ *[0-9]+ passed/ { passed += $1 } /^ *[0-9]+ flaky/ { passed += $1 }
        /^ *[0-9]+ failed/ { failed += $1 } /^ *[0-9]+ (skipped|did not run)/ { skipped += $1 }
        END { print passed + 0, failed + 0, skipped + 0 }')
    stop_server
}

# In a process of its own, with a Postgres of its own: the others' is not durable, and would be killed under them.
test_chaos() {
    build_for_tests || return 0
    local status=0
    STEP_TAIL=60 step "the server and Postgres killed under load (chaos)" "The same seed makes the same plan again: ./dev chaos --seed N" \
        env KEYRACK_BINARY="$CARGO_TARGET_DIR/debug/keyrack" KEYRACK_SITE="$ROOT/$TEST_SITE" \
        KEYRACK_BENCH="$CARGO_TARGET_DIR/debug/keyrack-bench" "$ROOT/dev" chaos "$@" || status=$?
    # shellcheck disable=SC2046
    result chaos $status $(awk '/^chaos: / { passed = $2; failed = $4 } END { print passed + 0, failed + 0, 0 }' "$STEP_LOG")
}

playwright_tests() { (cd end2end && BASE_URL=$SERVER_URL playwright test "$@"); }

# Tests, programs and examples in one go: cargo gives dependencies other features for each, and would compile them again.
RUST_BUILT=
build_rust() {
    [ -z "$RUST_BUILT" ] || return "$RUST_BUILT"
    RUST_BUILT=0
    step "compiling the server and its tests" "Correct what the compiler says." \
        cargo build --workspace --exclude frontend --all-targets || RUST_BUILT=1
    [ $RUST_BUILT = 0 ] || problem "compiling the server and its tests"
    return $RUST_BUILT
}

# The server and its pages, unoptimised: optimised ones take a quarter of an hour for each change.
TESTS_BUILT=
build_for_tests() {
    [ -z "$TESTS_BUILT" ] || return "$TESTS_BUILT"
    TESTS_BUILT=1
    build_rust || return 1
    # `hash.txt` holds the names of their files.
    if is_current "$TEST_SITE/.built" "$CARGO_TARGET_DIR/debug/hash.txt"; then
        TESTS_BUILT=0
        return 0
    fi
    step "compiling the pages for the browser" "Correct what the compiler says." \
        env LEPTOS_SITE_ROOT="$TEST_SITE" cargo leptos build --frontend-only --split &&
        without_names "$TEST_SITE"/pkg/*.wasm && touch "$TEST_SITE/.built" && TESTS_BUILT=0
    [ $TESTS_BUILT = 0 ] || problem "building the server and its pages"
    return $TESTS_BUILT
}

# Drops the section of names (for debuggers alone) from compiled pages: more than half of what a browser loads for each test,
# and a quarter of the time of its paths. `wasm-opt --strip-debug` does the same in half a minute.
without_names() {
    node -e '
        const fs = require("fs");
        for (const path of process.argv.slice(1)) {
            const program = fs.readFileSync(path);
            let at = 8;
            const number = () => {
                let value = 0;
                for (let shift = 0; ; shift += 7) {
                    const byte = program[at++];
                    value += (byte & 127) * 2 ** shift;
                    if (byte < 128) return value;
                }
            };
            const kept = [program.subarray(0, at)];
            while (at < program.length) {
                const begin = at++, end = number() + at, length = number();
                const isNames = program[begin] === 0 && program.toString("latin1", at, at + length) === "name";
                if (!isNames) kept.push(program.subarray(begin, end));
                at = end;
            }
            fs.writeFileSync(path, Buffer.concat(kept));
        }
    ' "$@"
}

# start_server NAME: on a free port, with demo data in a database of its own, since tests change what they find.
start_server() {
    local port tries=0
    SERVER_HOME=$LOGS/server-$1
    rm -rf "$SERVER_HOME"
    mkdir -p "$SERVER_HOME"
    port=$(free_port)
    SERVER_URL=http://127.0.0.1:$port
    new_database "keyrack_$1" || return
    (
        use_database "keyrack_$1"
        unset PGHOST PGPORT PGUSER PGPASSWORD PGDATABASE
        with_site "$ROOT/$TEST_SITE" HOST=127.0.0.1 PORT="$port" BASE_URL="$SERVER_URL" RATE_LIMIT_API_PER_MINUTE=0 RATE_LIMIT_SIGN_IN_PER_ADDRESS=1000 KEYRACK_DEMO=true KEYRACK_STATE_DIR="$SERVER_HOME/state" \
            SECRET_KEY="$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')" \
            "$CARGO_TARGET_DIR/debug/keyrack" serve >"$SERVER_HOME/log" 2>&1 </dev/null
    ) &
    SERVER_PID=$!
    at_exit stop_server
    while ! node -e "fetch('$SERVER_URL/ready').then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"; do
        tries=$((tries + 1))
        if [ $tries -gt 240 ] || ! kill -0 "$SERVER_PID" 2>/dev/null; then
            say "  FAILED  the server did not become ready. Its last words:"
            tail -n 30 "$SERVER_HOME/log" | plain_text | sed 's/^/    | /'
            problem "starting the server"
            stop_server
            return 1
        fi
        sleep 0.5
    done
}

SERVER_PID=
stop_server() {
    [ -n "$SERVER_PID" ] || return 0
    local pid=$SERVER_PID tries=0
    SERVER_PID=
    kill -TERM "$pid" 2>/dev/null || return 0
    while kill -0 "$pid" 2>/dev/null && [ $tries -lt 100 ]; do
        tries=$((tries + 1))
        sleep 0.1
    done
    kill -KILL "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
}

# api_token USER PASSWORD
api_token() {
    # shellcheck disable=SC2016
    node -e '
        const [url, username, password] = process.argv.slice(1);
        fetch(`${url}/auth/token`, { method: "POST", body: new URLSearchParams({ username, password }) })
            .then(answer => answer.json())
            .then(body => { if (!body.access_token) throw body; console.log(body.access_token); })
            .catch(error => { console.error(error); process.exit(1); });
    ' "$SERVER_URL" "$1" "$2"
}

junit_counts() {
    node -e '
        const fs = require("fs");
        const text = fs.existsSync(process.argv[1]) ? fs.readFileSync(process.argv[1], "utf8") : "";
        const cases = text.match(/<testcase\b[^>]*?(\/>|>[\s\S]*?<\/testcase>)/g) ?? [];
        const failed = cases.filter(c => /<(failure|error)\b/.test(c)).length;
        const skipped = cases.filter(c => /<skipped\b/.test(c)).length;
        console.log(cases.length - failed - skipped, failed, skipped);
    ' "$1"
}
