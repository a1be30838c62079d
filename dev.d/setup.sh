# shellcheck shell=bash
# What has to be there before anything runs. Each part looks first and does nothing when it is content.

setup_to_build() {
    setup_compiler
    setup_rust
    setup_node
    setup_cargo_tools
    setup_postgres
    claim_target_dir
}

setup_to_test() {
    setup_to_build
    setup_browser
    setup_sandbox_checks
    setup_python
    setup_pdf_tools
}

# Some crates compile a little C, and Rust links with the C compiler.
setup_compiler() {
    ! command -v cc >/dev/null || return 0
    if $MACOS; then
        die "The C compiler is missing." "Run \`xcode-select --install\`, then the same command again."
    fi
    install_packages "Rust links with the C compiler" gcc libc6-dev
}

# The tests of documents read them with the programs that people use.
setup_pdf_tools() {
    ! { command -v pdftotext && command -v qpdf; } >/dev/null || return 0
    if $MACOS; then
        install_packages "the tests of invoices read PDF with it" poppler qpdf
    else
        install_packages "the tests of invoices read PDF with it" poppler-utils qpdf
    fi
}
