# shellcheck shell=bash
# The Rust compiler for the server and for the browser, and the cargo tools.
#
# One compiler version for everybody, so that lints and formatting agree. The ordinary way is rustup. Where
# rustup cannot download (a network that lets only package registries through), Debian's packages hold the same
# version, without the standard library for wasm; that is then built once from its packaged sources.

RUST_VERSION=1.96.0
CARGO_LEPTOS_VERSION=0.3.11

setup_rust() {
    PATH="$PATH:$HOME/.cargo/bin"
    command -v rustup >/dev/null ||
        die "Rust is missing." "Install it from https://rustup.rs, then run the same command again."
    if ! rust_is_ready; then
        rust_from_rustup || rust_from_debian ||
            die "Rust $RUST_VERSION with its wasm32 target could not be installed." \
                "Try \`rustup toolchain install $RUST_VERSION --target wasm32-unknown-unknown --component clippy rustfmt\`."
    fi
    use_rust
}

# The stamp remembers which of the two ways worked here.
rust_is_ready() {
    if stamped rust "rustup $RUST_VERSION"; then
        ls -d "${RUSTUP_HOME:-$HOME/.rustup}/toolchains/$RUST_VERSION"-*/lib/rustlib/wasm32-unknown-unknown/lib >/dev/null 2>&1
    elif [ -x /usr/bin/rustc ]; then
        # An upgrade of the package brings another compiler, which the standard library has to be built for again.
        stamped rust "debian $(stat -c '%s %Y' /usr/bin/rustc 2>/dev/null)" &&
            [ -d /usr/lib/rustlib/wasm32-unknown-unknown/lib ] && [ -e "$TOOLS/bin/rust-lld" ]
    else
        return 1
    fi
}

use_rust() {
    case $(<"$STAMPS/rust") in
        rustup*) export RUSTUP_TOOLCHAIN=$RUST_VERSION ;;
        debian*)
            export RUSTUP_TOOLCHAIN=debian
            # Debian's compiler links with GNU ld, which takes seconds for each test program. gcc looks here
            # first for `ld` and finds lld. (Unlike RUSTFLAGS this does not make cargo compile anything again.)
            export COMPILER_PATH="$TOOLS/linker"
            ;;
    esac
}

rust_from_rustup() {
    # An unreachable server is noticed by this small question, not by a download that hangs. (100: updates exist.)
    local reachable=0
    limit 20 rustup check >/dev/null 2>&1 || reachable=$?
    if [ $reachable != 0 ] && [ $reachable != 100 ]; then
        say "rustup cannot reach its server from here; looking for Rust among the system's packages instead."
        return 1
    fi
    step "rustup: Rust $RUST_VERSION, for this machine and for the browser (wasm32)" "" \
        rustup toolchain install "$RUST_VERSION" --profile minimal --no-self-update \
        --component clippy --component rustfmt --target wasm32-unknown-unknown || return 1
    stamp rust "rustup $RUST_VERSION"
}

rust_from_debian() {
    command -v apt-get >/dev/null || return 1
    install_packages "Rust's compiler, linter and formatter, and its sources for the wasm standard library" \
        rustc-web cargo-web rust-web-src rust-web-clippy rustfmt-web gcc libc6-dev
    local version llvm
    version=$(/usr/bin/rustc --version | cut -d ' ' -f 2)
    llvm=$(/usr/bin/rustc -vV | sed -n 's/^LLVM version: \([0-9]*\).*/\1/p')
    case $version in
        1.9[6-9].* | 1.[1-9][0-9][0-9].*) ;;
        *)
            say "This system packages Rust $version; Keyrack needs at least $RUST_VERSION."
            return 1
            ;;
    esac
    install_packages "the linker for wasm" "lld-$llvm"

    # rustc looks for the wasm linker under this name; gcc looks for `ld`.
    mkdir -p "$TOOLS/linker"
    ln -sf "/usr/lib/llvm-$llvm/bin/lld" "$TOOLS/bin/rust-lld"
    ln -sf "/usr/lib/llvm-$llvm/bin/ld.lld" "$TOOLS/linker/ld"

    need_root
    must_step "building Rust's standard library for wasm32 (half a minute)" \
        "Free some disk space if that is short, then run the same command again." build_wasm_std
    rustup toolchain link debian /usr 2>/dev/null || rustup run debian rustc --version >/dev/null || return 1
    stamp rust "debian $(stat -c '%s %Y' /usr/bin/rustc)"
}

# Cargo can compile the standard library for a scratch crate; what it leaves behind is what rustup would install.
build_wasm_std() {
    local scratch=$CACHE/wasm-std lib=/usr/lib/rustlib/wasm32-unknown-unknown/lib
    rm -rf "$scratch"
    mkdir -p "$scratch/src" || return
    printf '[package]\nname = "scratch"\nversion = "0.0.0"\nedition = "2024"\n\n[workspace]\n' >"$scratch/Cargo.toml"
    : >"$scratch/src/lib.rs"
    (cd "$scratch" &&
        RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR=$scratch/target \
            /usr/bin/cargo build --release -Zbuild-std=std,panic_abort --target wasm32-unknown-unknown) || return
    rm "$scratch"/target/wasm32-unknown-unknown/release/deps/libscratch-* || return
    as_root rm -rf "$lib" || return
    as_root mkdir -p "$lib" || return
    as_root cp "$scratch"/target/wasm32-unknown-unknown/release/deps/*.rlib "$lib/" || return
    rm -rf "$scratch"
}

# The version of wasm-bindgen's command must be the very one of the library in Cargo.lock.
wasm_bindgen_version() {
    awk '/^name = "wasm-bindgen"$/ { getline; gsub(/[^0-9.]/, ""); print; exit }' Cargo.lock
}

setup_cargo_tools() {
    local wasm_bindgen
    wasm_bindgen=$(wasm_bindgen_version)
    if stamped cargo-tools "cargo-leptos $CARGO_LEPTOS_VERSION, wasm-bindgen $wasm_bindgen" &&
        [ -x "$TOOLS/bin/cargo-leptos" ] && [ -x "$TOOLS/bin/wasm-bindgen" ]; then
        return
    fi
    say "cargo-leptos builds the server and the browser's part of Keyrack together; wasm-bindgen connects the latter to JavaScript."
    prebuilt_cargo_tools "$wasm_bindgen" || {
        cargo_tool wasm-bindgen-cli "$wasm_bindgen" "2 minutes"
        # `no_downloads`: it takes Tailwind and wasm-opt from node_modules, in the versions pinned there.
        cargo_tool cargo-leptos "$CARGO_LEPTOS_VERSION" "5 to 10 minutes, once" --locked --features no_downloads
    }
    rm -rf "$CACHE/tools-build"
    stamp cargo-tools "cargo-leptos $CARGO_LEPTOS_VERSION, wasm-bindgen $wasm_bindgen"
}

prebuilt_cargo_tools() {
    command -v cargo-binstall >/dev/null || return 1
    step "cargo binstall cargo-leptos wasm-bindgen-cli" "" \
        limit 180 cargo binstall --no-confirm --disable-strategies compile --root "$TOOLS" \
        "cargo-leptos@$CARGO_LEPTOS_VERSION" "wasm-bindgen-cli@$1" || return 1
    "$TOOLS/bin/cargo-leptos" --version >/dev/null 2>&1
}

# cargo_tool CRATE VERSION HOW-LONG ARGUMENT...
cargo_tool() {
    local crate=$1 version=$2 long=$3
    shift 3
    [ "$("$TOOLS/bin/${crate%-cli}" --version 2>/dev/null | cut -d ' ' -f 2)" != "$version" ] || return 0
    # Quick to build rather than quick to run: their own profile optimises for a quarter of an hour.
    must_step "building $crate $version ($long)" "Run the same command again; what was compiled is kept." \
        env CARGO_TARGET_DIR="$CACHE/tools-build" CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_OPT_LEVEL=0 \
        CARGO_PROFILE_RELEASE_CODEGEN_UNITS=256 CARGO_PROFILE_RELEASE_DEBUG=0 \
        cargo install "$crate" --version "$version" --root "$TOOLS" "$@"
}
