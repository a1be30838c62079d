# shellcheck shell=bash disable=SC2034
# Talking to the person at the terminal, running long steps, and cleaning up at the end.

say() { printf '%s\n' "$*"; }

# die WHAT-WENT-WRONG WHAT-TO-DO
die() {
    printf '\n%s\n%s\n' "$1" "$2" >&2
    exit 1
}

# Commands to run when this script ends, however it ends; the last one added runs first.
AT_EXIT=()
at_exit() { AT_EXIT[${#AT_EXIT[@]}]=$1; }

STEP_GROUP=
clean_up() {
    local status=$? i
    trap - EXIT
    trap '' INT TERM
    if [ -n "$STEP_GROUP" ]; then
        kill -TERM -- "-$STEP_GROUP" 2>/dev/null || true
    fi
    for ((i = ${#AT_EXIT[@]} - 1; i >= 0; i--)); do
        ${AT_EXIT[i]} || true
    done
    exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# step LABEL WHAT-TO-DO-WHEN-IT-FAILS COMMAND...
# Runs a long command with its output in a log; shows that it is alive. Returns the command's status.
# Of a failure it shows what tells most, STEP_TAIL lines (40) of it. STEP_LOG is the log, for callers that read results from it.
step() {
    local label=$1 advice=$2 log status=0 started=$SECONDS
    shift 2
    log=$LOGS/$(date +%Y%m%d-%H%M%S)-$$-$(printf '%s' "$label" | tr -c '[:alnum:]\n' '-' | cut -c 1-40).log
    STEP_LOG=$log

    # A process group of its own, so that Ctrl-C can end the whole step and not only its first process.
    set -m
    "$@" >"$log" 2>&1 </dev/null &
    STEP_GROUP=$!
    set +m
    show_progress "$label" "$log" "$started" "$STEP_GROUP"
    wait "$STEP_GROUP" || status=$?
    STEP_GROUP=

    if [ "$status" -eq 0 ]; then
        say "  done  $label ($(duration $((SECONDS - started))))"
    else
        say "  FAILED  $label ($(duration $((SECONDS - started))))"
        telling_lines "$log" "${STEP_TAIL:-40}" | sed 's/^/    | /'
        say "  Whole log: $log"
        [ -z "$advice" ] || say "  What to do: $advice"
    fi
    return "$status"
}

# The compiler's first errors if there are any (cargo goes on for a while after them), else the last lines.
telling_lines() {
    local first
    first=$(plain_text <"$1" | grep -n '^error' | head -n 1 | cut -d : -f 1 || true)
    if [ -n "$first" ]; then
        plain_text <"$1" | sed -n "$first,$((first + $2 - 1))p"
    else
        plain_text <"$1" | tail -n "$2"
    fi
}

# must_step: the same, and nothing goes on after a failure.
must_step() { step "$@" || exit 1; }

show_progress() {
    local label=$1 log=$2 started=$3 pid=$4 elapsed next=30 width
    if [ -t 1 ]; then
        width=$(tput cols 2>/dev/null || echo 80)
        while kill -0 "$pid" 2>/dev/null; do
            elapsed=$((SECONDS - started))
            printf '\r\033[K%s' "$(printf '  %s  %s  %s' "$(duration "$elapsed")" "$label" "$(last_line "$log")" | cut -c "1-$((width - 1))")"
            sleep 0.5
        done
        printf '\r\033[K'
    else
        say "  start $label"
        while kill -0 "$pid" 2>/dev/null; do
            elapsed=$((SECONDS - started))
            if [ "$elapsed" -ge "$next" ]; then
                say "  $(duration "$elapsed")  $label  $(last_line "$log" | cut -c 1-100)"
                next=$((elapsed + 30))
            fi
            sleep 0.2
        done
    fi
}

duration() {
    if [ "$1" -lt 60 ]; then printf '%d s' "$1"; else printf '%d min %02d s' $(($1 / 60)) $(($1 % 60)); fi
}

plain_text() { tr '\r' '\n' | sed $'s/\033\\[[0-9;?]*[a-zA-Z]//g; s/\033(B//g'; }

last_line() { tail -c 600 "$1" 2>/dev/null | plain_text | grep -av '^[[:space:]]*$' | tail -n 1 | sed 's/^ *//' || true; }

# limit SECONDS COMMAND...: gives up after a while. (`timeout` is not part of macOS; perl is on both.)
limit() { perl -e 'alarm shift; exec @ARGV or exit 127' "$@"; }

# Logs are for the failure just seen; a week is plenty.
find "$LOGS" -name '*.log' -mtime +7 -delete 2>/dev/null || true
