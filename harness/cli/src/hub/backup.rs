//! `spinebench hub backup` and `restore`. A running hub writes its own backup, as it alone may read its folder; a stopped
//! hub's folder is read here. Never touches a source.

use crate::exit::{Exit, Failure};
use reference_hub::backup;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};

/// Arguments of `spinebench hub backup`.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("source").required(true).args(["data", "from"]))]
pub struct Args {
    /// Data folder of a stopped hub.
    data: Option<PathBuf>,
    /// A hub running on this machine with --admin or --sandbox, such as http://127.0.0.1:8700.
    #[arg(long, value_name = "URL")]
    from: Option<String>,
    /// Name of the backup below the data folder's `backups` (default: the time).
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Copy the backup to this folder too, which must not be there: on another disk it survives this one.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Runs `spinebench hub backup`.
pub fn run(args: &Args) -> Result<Exit, Failure> {
    if let Some(name) = &args.name {
        backup::checked_name(name).map_err(|e| Failure::new(Exit::Usage, format!("--{e}")))?;
    }
    if let Some(out) = args.out.as_ref().filter(|out| out.exists()) {
        return Err(Failure::new(Exit::Usage, format!("--out: {}: is there already", out.display())));
    }
    let (folder, seq) = match (&args.data, &args.from) {
        (Some(data), _) => of_stopped(data, args.name.as_deref())?,
        (None, from) => of_running(from.as_deref().unwrap_or(""), args.name.as_deref())?,
    };
    println!("{}: backup up to transaction {seq}", folder.display());
    if let Some(out) = &args.out {
        copy_whole(&folder, out)
            .map_err(|e| Failure::new(Exit::Unreachable, format!("{}: cannot copy: {e}", out.display())))?;
        println!("{}: copy of it", out.display());
    }
    Ok(Exit::Ok)
}

/// Runs `spinebench hub restore`.
pub fn restore(from: &Path, data: &Path) -> Result<Exit, Failure> {
    let seen = backup::restore::restore(from, data).map_err(|e| Failure::new(Exit::Unreachable, e))?;
    println!(
        "{}: restored up to transaction {}; {} audit events verified",
        data.display(),
        seen.head.seq,
        seen.events
    );
    Ok(Exit::Ok)
}

fn of_stopped(data: &Path, name: Option<&str>) -> Result<(PathBuf, u64), Failure> {
    let failed = |e: &dyn std::fmt::Display| Failure::new(Exit::Unreachable, e);
    let stopped = reference_hub::verify::open_stopped(data).map_err(|e| match e {
        reference_hub::HubError::DataLocked(_) => {
            Failure::new(Exit::Unreachable, format!("{e}; back it up by --from its address"))
        }
        e => failed(&e),
    })?;
    let now_ms = reference_hub::hub::now_ms();
    let name = name.map_or_else(|| backup::name_of(now_ms), str::to_owned);
    let made = backup::write::write(stopped.store.as_ref(), data, &name, now_ms, &|| false)
        .map_err(|e| failed(&e))?;
    Ok((made.folder, made.seq))
}

/// Asks the hub at `url`; it answers when its backup is whole.
fn of_running(url: &str, name: Option<&str>) -> Result<(PathBuf, u64), Failure> {
    let wrong = || {
        let allowed = "http://ADDRESS:PORT of a hub on this machine";
        Failure::new(Exit::Usage, format!("--from: not a hub's address, got {url:?}, allowed: {allowed}"))
    };
    let address = url.strip_prefix("http://").ok_or_else(wrong)?;
    let address: SocketAddr = address.trim_end_matches('/').parse().map_err(|_| wrong())?;
    let unreachable = |e: std::io::Error| Failure::new(Exit::Unreachable, format!("{url}: {e}"));
    let query = name.map_or_else(String::new, |name| format!("?name={name}"));
    let request = format!(
        "POST /_admin/backup{query} HTTP/1.1\r\nhost: {address}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    );
    let mut stream = TcpStream::connect(address).map_err(unreachable)?;
    stream.write_all(request.as_bytes()).map_err(unreachable)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).map_err(unreachable)?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    match head.split(' ').nth(1) {
        Some("201") => {}
        Some("404") => {
            let sentence = "has no admin addresses; start it with --admin";
            return Err(Failure::new(Exit::Unreachable, format!("{url}: {sentence}")));
        }
        None => {
            let sentence = "closed the connection without an answer; the backup was not made, or is torn";
            return Err(Failure::new(Exit::Unreachable, format!("{url}: {sentence}")));
        }
        _ => return Err(Failure::new(Exit::Unreachable, format!("{url}: {}", body.trim()))),
    }
    let made: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
    match (made["folder"].as_str(), made["seq"].as_u64()) {
        (Some(folder), Some(seq)) => Ok((PathBuf::from(folder), seq)),
        _ => Err(Failure::new(Exit::Unreachable, format!("{url}: is no hub of ours"))),
    }
}

/// Copies a backup under another name, and renames it when it is whole and durable.
fn copy_whole(from: &Path, to: &Path) -> std::io::Result<()> {
    let mut name = to.file_name().unwrap_or_default().to_owned();
    name.push(".partial");
    let partial = to.with_file_name(name);
    copy_folder(from, &partial)?;
    std::fs::rename(&partial, to)
}

fn copy_folder(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), &target)?;
            std::fs::File::open(&target)?.sync_all()?;
        }
    }
    std::fs::File::open(to)?.sync_all()
}
