//! The one binary, `spinebench`. The program is [`spinebench::run_cli`].

/// A hub allocates for every request; the system's allocator was a sixth of its processor time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    spinebench::run_cli()
}
