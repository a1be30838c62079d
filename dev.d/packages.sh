# shellcheck shell=bash
# Installing system packages: apt on Debian, Homebrew on macOS.

APT_UPDATED=false

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

# Asks for the password in the open, before a step hides the terminal.
need_root() {
    [ "$(id -u)" != 0 ] || return 0
    command -v sudo >/dev/null ||
        die "Installing packages needs root, and sudo is missing." "Run ./dev setup as root once, or install sudo."
    sudo -v || die "Installing packages needs root." "Run ./dev setup as root once; after that nothing needs it."
}

apt_get() { as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -qy "$@"; }

# Asks the system's package sources what they have, once.
update_packages() {
    need_root
    $APT_UPDATED && return
    # A failure here is often a single unreachable source; what is installed next says if it mattered.
    step "apt-get update" "" apt_get update || true
    APT_UPDATED=true
}

# install_packages WHY PACKAGE...
install_packages() {
    local why=$1
    shift
    say "Installing $*: $why"
    if $MACOS; then
        command -v brew >/dev/null ||
            die "Homebrew is missing, so $* cannot be installed." "Install Homebrew from https://brew.sh, then run the same command again."
        must_step "brew install $*" "Run \`brew install $*\` by hand and read what it says." brew install "$@"
    elif command -v apt-get >/dev/null; then
        update_packages
        must_step "apt-get install $*" "Run \`apt-get install $*\` by hand and read what it says." \
            apt_get install --no-install-recommends "$@"
    else
        die "$* is missing: $why" "Install it with this system's package manager, then run the same command again."
    fi
}
