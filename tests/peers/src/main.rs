//! The `spinebench-peers` command. The program is [`peers::command::run_cli`].

fn main() -> std::process::ExitCode {
    peers::command::run_cli()
}
