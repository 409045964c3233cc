//! End to end, in the order a doubter would ask. Each file opens with the claim that it checks.

mod support;

mod bad_days; // unreachable, port in use, full disk, corrupt folder, Ctrl-C: one clear message each, no panic
mod bad_input; // faults come all at once, with file, line, got and allowed
mod business; // the journeys that come with the product, walked step by step; the audit log replays as a trace
mod compare; // two runs set side by side, many followed over time; what cannot be read or compared is refused in a sentence
mod cost; // from a run to the workbook in one command; what could mislead is refused with file and line
mod credentials; // a user's own system gets its credentials, and nothing that is left behind has one in it
mod durability; // a killed hub keeps every acknowledged write, once, and an audit log without a gap
mod faults; // killed and restarted by the scenario itself: nothing acknowledged is lost, and the cost is told
mod fhir_clients; // FHIR clients that nobody here wrote read, search, update and register in the Personal Demographics Service
mod gate; // stored runs against budgets and a baseline, builds against builds: every ending has its exit code, and a stop is no loss
mod gate_formats; // every format that a gate writes is read by something that is not ours
mod gate_noise; // the gate against the noise of this machine: no false alarm, and a tenth more work is found
mod library; // every scenario that comes with the product says what it is for, and runs
mod limit; // the limit is found by real runs, and what is not known is not claimed
mod main_job; // one command: the national mix runs, is counted on both sides, and leaves a record
mod mesh_client; // NHS England's own MESH client works against the hub
mod openapi; // whatever is asked, the hub answers as its own OpenAPI document says
mod operating; // metrics, logs, drain, backup, audit export: what an operator does
mod other_languages; // HdrHistogram and NHS number implementations from another language agree with us
mod own_server; // a user points the tool at any HTTP server without writing Rust
mod ownership; // what belongs to one organisation opens for no other: (caller, resource, verb) in full
mod races; // of two who want the same thing at once exactly one gets it
mod replay; // what the audit log recorded is asked again, in its order and at its moments
mod sabotage; // a harness starved, a clock stepped, a hub exchanged in mid-run: invalid, with the sentence that says so
mod safety; // no load beyond loopback without a name to it, no NHS number that could be a person's
mod stall; // a frozen hub shows in response time, not in service time, and loses no request from the count
mod steps; // a step follows its own journey and nobody else's; a failed one is the last
mod truth; // the generator: true percentiles, kept schedule, the same bytes, constant memory
mod users; // the closed model runs the same interactions into the same record
