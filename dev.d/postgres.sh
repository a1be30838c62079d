# shellcheck shell=bash
# Postgres: its programs, and a throw-away cluster for tests.

# Puts the newest installed server's programs into POSTGRES_BIN; installs them if there are none.
setup_postgres() {
    find_postgres && return
    if $MACOS; then
        install_packages "Keyrack's database" postgresql@17
    else
        install_packages "Keyrack's database" postgresql
    fi
    find_postgres || die "The Postgres programs (initdb, pg_ctl, pgbench) were not found." \
        "Put the bin directory of Postgres 15 or newer on PATH, then run the same command again."
}

find_postgres() {
    local dir version best=14
    POSTGRES_BIN=
    for dir in /usr/lib/postgresql/*/bin /opt/homebrew/opt/postgresql@*/bin /usr/local/opt/postgresql@*/bin "$(dirname "$(command -v initdb || echo /)")"; do
        if [ ! -x "$dir/initdb" ] || [ ! -x "$dir/pg_ctl" ]; then continue; fi
        version=$("$dir/postgres" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
        if [ "$version" -gt "$best" ]; then
            best=$version
            POSTGRES_BIN=$dir
        fi
    done
    export POSTGRES_BIN
    [ -n "$POSTGRES_BIN" ]
}

# Postgres refuses to run as root, so root lends it a user without rights and a place which that user can reach.
as_postgres() {
    if [ "$(id -u)" = 0 ]; then
        runuser -u "$POSTGRES_USER" -- "$@"
    else
        "$@"
    fi
}

place_on_disk() { if [ "$(id -u)" = 0 ]; then echo /var/tmp/keyrack-test-postgres; else echo "$CACHE/test-postgres"; fi; }
place_in_memory() { echo "/dev/shm/keyrack-test-postgres-$(id -u)"; }

# A database of its own for each of some hundred tests, hundreds of files each: on a disk that takes most of their time.
# They need 2 GB of memory.
has_memory_for_postgres() {
    [ -d /dev/shm ] && [ -w /dev/shm ] && [ -r /proc/meminfo ] || return
    [ "$(df -Pk /dev/shm | awk 'NR == 2 { print $4 }')" -ge 4000000 ] &&
        [ "$(awk '/^MemAvailable:/ { print $2 }' /proc/meminfo)" -ge 8000000 ]
}

# start_postgres [POSTGRES-OPTION...]
# Starts a fresh cluster which goes away when this script ends, and exports DATABASE_URL for its superuser.
# Without options it trades safety for speed; `bench` and `chaos` measure and try real writes.
start_postgres() {
    local base port
    POSTGRES_USER=postgres
    id postgres >/dev/null 2>&1 || POSTGRES_USER=nobody
    for base in "$(place_in_memory)" "$(place_on_disk)"; do
        [ -e "$base" ] || [ -L "$base" ] || continue
        # What is above it is everybody's: do not work in a directory that someone else has put there.
        if [ -L "$base" ] || [ ! -O "$base" ]; then die "$base belongs to another user." "Remove it, then run the same command again."; fi
        remove_stale_clusters "$base"
    done
    base=$(place_on_disk)
    if [ $# = 0 ] && has_memory_for_postgres; then
        base=$(place_in_memory)
        # Each of thousands of connections maps what it touches of the buffers.
        set -- max_wal_size=512MB shared_buffers=64MB
    fi
    mkdir -p "$base"

    # The name says which process it belongs to.
    POSTGRES_HOME=$base/$$
    # A password, though it lives for minutes only: other people on this machine can reach the port, too.
    POSTGRES_PASSWORD=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
    rm -rf "$POSTGRES_HOME"
    mkdir -m 700 "$POSTGRES_HOME"
    (umask 077 && printf '%s\n' "$POSTGRES_PASSWORD" >"$POSTGRES_HOME/password")
    [ "$(id -u)" != 0 ] || chown -R "$POSTGRES_USER" "$POSTGRES_HOME"
    at_exit stop_postgres

    port=$(free_port)
    must_step "starting a throw-away Postgres" "Look at the log; ./dev setup installs Postgres if it is incomplete." \
        create_cluster "$port" "$@"

    export PGHOST=127.0.0.1 PGPORT=$port PGUSER=keyrack PGPASSWORD=$POSTGRES_PASSWORD
    use_database keyrack
}

# Runs as a step, so in a process of its own.
create_cluster() {
    local port=$1 option options
    shift
    cd /
    # Sorting by bytes and text in UTF-8, whatever the locale of the machine: tests see the same order everywhere. MD5 on this
    # machine alone: SCRAM took two thirds of the time of making a connection, of which tests make thousands.
    as_postgres "$POSTGRES_BIN/initdb" --pgdata="$POSTGRES_HOME/data" --username=keyrack --pwfile="$POSTGRES_HOME/password" \
        --auth=md5 --encoding=UTF8 --locale=C --no-sync --no-instructions || return
    options="-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories=$POSTGRES_HOME -c max_connections=300"
    options="$options -c shared_buffers=256MB -c max_wal_size=4GB -c timezone=UTC -c log_min_messages=fatal"
    options="$options -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
    for option in "$@"; do options="$options -c $option"; done
    as_postgres "$POSTGRES_BIN/pg_ctl" start --wait --silent --timeout=60 --pgdata="$POSTGRES_HOME/data" \
        --log="$POSTGRES_HOME/log" --options="$options" || {
        cat "$POSTGRES_HOME/log"
        return 1
    }
    PGPASSWORD=$POSTGRES_PASSWORD "$POSTGRES_BIN/createdb" --host=127.0.0.1 --port="$port" --username=keyrack keyrack
}

# Points DATABASE_URL at a database of the running test cluster.
use_database() {
    export PGDATABASE=$1
    export DATABASE_URL=postgres://keyrack:$POSTGRES_PASSWORD@127.0.0.1:$PGPORT/$1
}

# new_database NAME: an empty one, in place of any of that name.
new_database() {
    "$POSTGRES_BIN/dropdb" --if-exists --force "$1" 2>/dev/null || return
    "$POSTGRES_BIN/createdb" --template=template0 "$1"
}

# Applies all migrations to the database that DATABASE_URL names, the way the server would: each in a transaction
# of its own, unless its first line says otherwise.
apply_migrations() {
    local file
    for file in migrations/*.sql; do
        if head -n 1 "$file" | grep -q '^-- no-transaction'; then
            "$POSTGRES_BIN/psql" -X -q -v ON_ERROR_STOP=1 -f "$file"
        else
            "$POSTGRES_BIN/psql" -X -q -v ON_ERROR_STOP=1 --single-transaction -f "$file"
        fi || return
    done
}

stop_postgres() { remove_cluster "$POSTGRES_HOME"; }

remove_cluster() {
    if [ -f "$1/data/postmaster.pid" ]; then
        (cd / && as_postgres "$POSTGRES_BIN/pg_ctl" stop --silent --mode=immediate --pgdata="$1/data") || true
    fi
    rm -rf "$1"
}

# A cluster whose script was killed (-9, power cut) is still there, perhaps still running.
remove_stale_clusters() {
    local dir
    for dir in "$1"/*; do
        [ -d "$dir" ] || continue
        # Its number may meanwhile belong to another process, or to one that has ended unnoticed.
        case $(ps -o args= -p "$(basename "$dir")" 2>/dev/null) in
            *dev\ *) ;;
            *)
                say "Removing the test database of an earlier run that was cut off."
                remove_cluster "$dir"
                ;;
        esac
    done
}
