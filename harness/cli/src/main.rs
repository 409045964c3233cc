//! The one binary, `spinebench`. The program is [`spinebench::run_cli`].

fn main() -> std::process::ExitCode {
    spinebench::run_cli()
}
