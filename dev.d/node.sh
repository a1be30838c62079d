# shellcheck shell=bash
# What comes from npm (stylesheet compiler, wasm optimiser, fonts, icons, browser tests), and the browser.

setup_node() {
    local version
    version=$(node --version 2>/dev/null || true)
    case $version in
        v2[0-9].* | v[3-9][0-9].*) ;;
        *) die "Node 20 or newer is missing (found: ${version:-none})." "Install it from https://nodejs.org or with your package manager, then run the same command again." ;;
    esac

    npm_packages . "stylesheet compiler, wasm optimiser, fonts and icons, browser tests"
}

# What the Stripe sandbox is held against; half a gigabyte that only tests need.
setup_sandbox_checks() {
    npm_packages crates/stripe-sandbox/tests/sdk "Stripe's SDK and its OpenAPI document"
}

# npm_packages DIRECTORY WHAT-FOR. The stamp lies inside node_modules, so that it goes when they go.
npm_packages() {
    local wanted
    wanted="$(node --version) $(sha256 <"$1/package-lock.json")"
    [ "$(cat "$1/node_modules/.keyrack" 2>/dev/null)" != "$wanted" ] || return 0
    must_step "npm ci: $2" \
        "See whether \`npm ci\` works by hand in $1; delete its node_modules if it was interrupted." \
        npm ci --prefix "$1" --no-audit --no-fund --prefer-offline
    printf '%s\n' "$wanted" >"$1/node_modules/.keyrack"
}

# The tests use an installed browser; else Debian's Chromium without a window, which takes two thirds of the time of the
# whole one; and Playwright's own elsewhere.
setup_browser() {
    local candidate package=chromium-headless-shell
    for candidate in "${KEYRACK_CHROMIUM:-}" /usr/bin/$package /usr/bin/chromium /usr/bin/google-chrome-stable; do
        if [ -n "$candidate" ] && [ -x "$candidate" ]; then
            export KEYRACK_CHROMIUM=$candidate
            return
        fi
    done
    if ! $MACOS && command -v apt-get >/dev/null; then
        update_packages
        apt-cache show $package >/dev/null 2>&1 || package=chromium
        install_packages "the browser that the tests drive" $package
        export KEYRACK_CHROMIUM=/usr/bin/$package
        return
    fi
    local wanted
    wanted=$(playwright --version)
    stamped browser "$wanted" && return
    must_step "playwright install chromium: the browser that the tests drive" \
        "Install Chromium yourself and set KEYRACK_CHROMIUM to its path." playwright install chromium
    stamp browser "$wanted"
}

# A TCP port that nobody listens on.
free_port() {
    node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close() })'
}
