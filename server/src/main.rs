//! The binary `keyrack`.

use std::process::ExitCode;

/// Returns memory to the system sooner and is quicker than the system's own with many short-lived pages.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    server::cli::run()
}
