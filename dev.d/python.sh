# shellcheck shell=bash
# A Python environment for two test tools: schemathesis (tries the API against its description) and aiosmtpd (a
# mail server that the mail tests send to).

setup_python() {
    local venv=$CACHE/venv wanted
    export KEYRACK_TEST_PYTHON=$venv/bin/python
    wanted=$(sha256 <dev.d/python-packages.txt)
    if stamped python "$wanted" && [ -x "$venv/bin/schemathesis" ]; then
        return
    fi
    local python
    python=$(usable_python) || {
        if $MACOS; then install_packages "the API tests are written in it" python@3.13; else install_packages "the API tests are written in it" python3 python3-venv; fi
        python=$(usable_python) || die "No usable Python (3.11 or newer, with venv) was found." "Install one, then run the same command again."
    }
    must_step "Python environment for the tests (schemathesis, aiosmtpd)" "Run the same command again." \
        python_packages "$python" "$venv"
    stamp python "$wanted"
}

usable_python() {
    local candidate
    for candidate in python3 /usr/bin/python3 python3.14 python3.13 python3.12 python3.11; do
        if "$candidate" -c 'import ensurepip, venv, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    return 1
}

python_packages() {
    rm -rf "$2"
    "$1" -m venv "$2" || return
    "$2/bin/python" -m pip install --disable-pip-version-check --no-input --requirement dev.d/python-packages.txt
}
