//! What the end-to-end tests share: the built binary, hubs on free ports, scenarios in temporary folders, Python and
//! Node.js environments, and a small blocking HTTP client. Never a mock of the product.

use harness::client::response::{self, Progress};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

/// Held by tests that measure or load the machine, so that they do not measure each other on two cores.
pub fn alone() -> std::sync::MutexGuard<'static, ()> {
    static ALONE: std::sync::Mutex<()> = std::sync::Mutex::new(());
    ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// The workspace's folder.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests lies in the workspace").to_owned()
}

/// The release binary, built once.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let built = Command::new(cargo)
            .args(["build", "--release", "--locked", "-p", "spinebench"])
            .current_dir(root())
            .status()
            .expect("cargo runs");
        assert!(built.success(), "the binary does not build");
        let target =
            std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
        target.join("release/spinebench")
    })
}

/// Runs `spinebench` to its end.
pub fn spinebench(args: &[&str]) -> Output {
    Command::new(binary()).args(args).stdin(Stdio::null()).output().expect("spinebench runs")
}

/// What a finished process said on both streams, for messages.
pub fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Asserts an exit code and that nothing panicked.
pub fn assert_exit(output: &Output, code: i32) {
    let text = said(output);
    assert!(!text.contains("panicked"), "a panic reached the user:\n{text}");
    assert_eq!(output.status.code(), Some(code), "{text}");
}

/// A folder that goes away, with one scenario file in it.
pub fn scenario(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("scenario.toml");
    std::fs::write(&file, text).expect("written");
    (folder, file)
}

/// Runs a scenario into a folder of its own and reads the record back.
pub fn run_record(file: &Path, more: &[&str]) -> (Output, run_record::Measured) {
    let out = file.parent().expect("a folder").join("runs");
    let mut args =
        vec!["run", file.to_str().expect("utf-8"), "--quiet", "--out", out.to_str().expect("utf-8")];
    args.extend(more);
    let output = spinebench(&args);
    let latest = out.join("latest");
    let measured = run_record::read(&latest).unwrap_or_else(|e| panic!("{e}\n{}", said(&output)));
    (output, measured)
}

/// A hub of our own as a child process.
pub struct Hub {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Hub {
    /// Starts a hub on a free port.
    pub fn start(data: &Path, more: &[&str]) -> Hub {
        Self::try_start(data, more).expect("the hub starts")
    }

    /// Starts a hub, or gives what it said instead.
    pub fn try_start(data: &Path, more: &[&str]) -> Result<Hub, String> {
        Self::try_start_at("127.0.0.1:0", data, more)
    }

    /// The same on an address of its own.
    pub fn try_start_at(listen: &str, data: &Path, more: &[&str]) -> Result<Hub, String> {
        let mut child = Command::new(binary())
            .args(["hub", "--quiet", "--listen", listen, "--data"])
            .arg(data)
            .args(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("spinebench hub runs");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("piped");
        BufReader::new(stdout).read_line(&mut line).expect("readable");
        match line.split_whitespace().last().and_then(|w| w.trim_start_matches("http://").parse().ok()) {
            Some(address) => Ok(Hub { child, address }),
            None => {
                let output = child.wait_with_output().expect("ends");
                Err(String::from_utf8_lossy(&output.stderr).into_owned())
            }
        }
    }

    /// Sends a signal.
    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, signal).expect("the hub is there to be signalled");
    }

    /// SIGSTOP.
    pub fn freeze(&self) {
        self.signal(rustix::process::Signal::STOP);
    }

    /// SIGCONT.
    pub fn thaw(&self) {
        self.signal(rustix::process::Signal::CONT);
    }

    /// SIGKILL, and waits for the end.
    pub fn kill(mut self) {
        self.child.kill().expect("killable");
        self.child.wait().expect("ends");
    }

    /// Waits for the end of a hub that was told to end.
    pub fn wait(mut self) -> std::process::ExitStatus {
        self.child.wait().expect("ends")
    }

    /// Stops cleanly by closing stdin.
    pub fn stop(mut self) -> Output {
        drop(self.child.stdin.take());
        let mut stderr = Vec::new();
        if let Some(mut pipe) = self.child.stderr.take() {
            pipe.read_to_end(&mut stderr).expect("readable");
        }
        let status = self.child.wait().expect("ends");
        Output { status, stdout: Vec::new(), stderr }
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An answer as the small client sees it.
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Header names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Reply {
    /// The body as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or(serde_json::Value::Null)
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

/// One keep-alive connection.
pub struct Http {
    stream: TcpStream,
}

impl Http {
    /// Connects.
    pub fn connect(address: SocketAddr) -> std::io::Result<Http> {
        let stream = TcpStream::connect_timeout(&address, Duration::from_secs(3))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        Ok(Http { stream })
    }

    /// Asks and waits; an error means that the fate of the request is unknown.
    pub fn ask(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> std::io::Result<Reply> {
        let mut request =
            format!("{method} {path} HTTP/1.1\r\nhost: hub\r\ncontent-length: {}\r\n", body.len());
        for (name, value) in headers {
            request += &format!("{name}: {value}\r\n");
        }
        request += "\r\n";
        let mut bytes = request.into_bytes();
        bytes.extend_from_slice(body);
        self.send(&bytes)?;
        self.receive(method == "HEAD")
    }

    /// Sends a whole request as it is.
    pub fn send(&mut self, request: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(request)
    }

    /// Waits for the answer to what was sent.
    pub fn receive(&mut self, head: bool) -> std::io::Result<Reply> {
        let mut input = Vec::new();
        let mut buffer = [0u8; 16 * 1024];
        loop {
            let n = self.stream.read(&mut buffer)?;
            if n == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            input.extend_from_slice(&buffer[..n]);
            match response::parse(&input, head, false) {
                Ok(Progress::NeedAtLeast(_)) => {}
                Ok(Progress::Complete(p)) => {
                    let text = |v: &[u8]| String::from_utf8_lossy(v).into_owned();
                    let headers = p.headers.iter().map(|(n, v)| (n.to_ascii_lowercase(), text(v))).collect();
                    return Ok(Reply { status: p.status, headers, body: p.body.into_owned() });
                }
                Err(e) => return Err(std::io::Error::other(e)),
            }
        }
    }
}

/// The published MESH authorisation header for a sandbox mailbox, computed here and nowhere else: neither the hub's
/// code nor the harness's vouches for it.
pub fn mesh_token(mailbox: &str, nonce: &str) -> String {
    mesh_token_of("TestKey", mailbox, "password", nonce)
}

/// The same for any mailbox of any environment.
pub fn mesh_token_of(key: &str, mailbox: &str, password: &str, nonce: &str) -> String {
    use hmac::Mac;
    let now = harness::clock::wall_now().strftime("%Y%m%d%H%M").to_string();
    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(key.as_bytes()).expect("any length");
    mac.update(format!("{mailbox}:{nonce}:0:{password}:{now}").as_bytes());
    let hash: String = mac.finalize().into_bytes().iter().map(|b| format!("{b:02x}")).collect();
    format!("NHSMESH {mailbox}:{nonce}:0:{now}:{hash}")
}

/// A Python interpreter in a throw-away environment that has `packages` (exact versions), made once per set.
pub fn python(packages: &[&str]) -> PathBuf {
    let name = packages.join("_").replace(['=', '.'], "-");
    let environment = root().join("target/python").join(name);
    let python = environment.join("bin/python");
    let ready = environment.join("ready");
    if ready.exists() {
        return python;
    }
    if !venv(&environment) {
        // A bare Debian has no venv module; tests may install what they need.
        let _ = Command::new("apt-get").args(["update", "-q"]).output();
        let _ = Command::new("apt-get").args(["install", "-y", "-q", "python3", "python3-venv"]).output();
        assert!(venv(&environment), "no Python environment could be made; install python3 and python3-venv");
    }
    let installed = Command::new(&python)
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
        .args(packages)
        .output()
        .expect("pip runs");
    assert!(installed.status.success(), "pip: {}", said(&installed));
    std::fs::write(&ready, "").expect("written");
    python
}

fn venv(folder: &Path) -> bool {
    let made = Command::new("python3").args(["-m", "venv", "--clear"]).arg(folder).output();
    made.is_ok_and(|o| o.status.success())
}

/// A throw-away folder with these npm packages (exact versions), made once per set; scripts are run from inside it.
pub fn node(packages: &[&str]) -> PathBuf {
    let folder = root().join("target/node").join(packages.join("_").replace(['@', '/', '.'], "-"));
    let ready = folder.join("ready");
    if ready.exists() {
        return folder;
    }
    if Command::new("npm").arg("--version").output().is_err() {
        // Tests may install what they need.
        let _ = Command::new("apt-get").args(["update", "-q"]).output();
        let _ = Command::new("apt-get").args(["install", "-y", "-q", "nodejs", "npm"]).output();
    }
    std::fs::create_dir_all(&folder).expect("made");
    // The packages are modules of the new kind, and so are the scripts beside them.
    std::fs::write(folder.join("package.json"), r#"{"private":true,"type":"module"}"#).expect("written");
    let installed = Command::new("npm")
        .args(["install", "--silent", "--no-audit", "--no-fund", "--save-exact"])
        .args(packages)
        .current_dir(&folder)
        .output()
        .expect("npm runs; install nodejs and npm");
    assert!(installed.status.success(), "npm: {}", said(&installed));
    std::fs::write(&ready, "").expect("written");
    folder
}

/// The free space needed in mebibytes is never assumed: a 16 MiB tmpfs is a disk that fills.
pub fn small_disk(mib: u32) -> Option<SmallDisk> {
    let folder = tempfile::tempdir().ok()?;
    let size = format!("size={mib}m");
    let mounted =
        Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(folder.path()).output().ok()?;
    mounted.status.success().then_some(SmallDisk { folder })
}

/// A mounted small disk; unmounted when dropped.
pub struct SmallDisk {
    folder: tempfile::TempDir,
}

impl SmallDisk {
    /// Where it is mounted.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.folder.path()).output();
    }
}
