//! Sound files from which damaged ones are made: small, and with every part that is read. Used by the fuzz tests beside files
//! that come with the product.

/// A scenario in which every part that this crate reads is used, small enough to be read fast.
pub const PARTS: &str = r#"title = "parts"
seed = 7
[mix]
one = 3
two = 2
three = 1
[target]
hub = "embedded"
[population]
patients = 100
[load]
model = "open"
arrivals = "constant"
connections = 4
timeout = "1s"
[[phase]]
name = "p"
duration = "5s"
rate = "1/s..9/s"
[[phase]]
name = "q"
duration = "1m30s"
rate = "1/s"
measured = false
[[journey]]
name = "j"
share = "50%"
pause = "1s"
steps = ["one", "two", { ask = "one", after = "2s" }]
[[journey]]
name = "k"
steps = ["three", "one"]
[[event]]
at = "3s"
do = "hub-stop 1s"
[[event]]
at = "1s"
do = "inject delay 50ms p=0.1; error 503"
[budget]
all = { response-p99 = "1s", errors = "1%", "service-p99.9" = "2s" }
[validity]
dropped = "1%"
"#;

pub const USERS: &str = r#"title = "users"
mix = { one = 3, two = 2, three = 1 }
target = { hub = "embedded", store = "memory" }
[load]
model = "users"
[[load.users]]
name = "clinician"
count = 3
hatch = "2/s"
think = "1s..2s"
mix = { one = 1, j = 2 }
begins = ["two", "three"]
session = "30m"
[[load.users]]
count = 1
think = "5s"
[[phase]]
name = "p"
duration = "5s"
[[journey]]
name = "j"
steps = ["one", "two"]
"#;

pub const REPLAY: &str = "title = \"replay\"\ntarget = { hub = \"embedded\" }\n[load]\narrivals = \"trace\"\n[load.trace]\nfile = \"t.csv\"\nspeed = \"2x\"\n";

pub const TRACES: [&str; 3] = [
    "offset_ns,interaction,organisation,status\n0,one,A20047,200\n2000000,two,X26ABC1,202\n2000000,counted,,0\n9000000,one,FK1A1,404\n",
    "offset_ms,patient,interaction\n0,,three\n1.5,,two\n1.500001,,\"one\"\n7,,three\n",
    "interaction,endpoint,offset_s\none,200000000985,0\ntwo,,0.25\nthree,100000000000,3600\n",
];

pub const MIXES: [&str; 2] = [
    "interaction,share\none,0.5\ntwo,0.25\nthree,0.25\n",
    "row,service,published_interaction,kind,interaction,share,req_bytes,resp_bytes,legacy_ms,spine2_ms,attended,grade,source\n1,A,Ask,sync,one,0.5,100,200,10,1.5,yes,estimate,\"some, where\"\n2,A,Tell,async,two,0.3,100,200,,,no,published,elsewhere\n3,B,Not yet,sync,,0.2,1,2,3,4,no,estimate,nowhere\n",
];
