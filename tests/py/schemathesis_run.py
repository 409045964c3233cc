"""Runs `schemathesis` (PyPI) over a hub's own OpenAPI document: whatever is asked, no answer is a fault of the server, and
every status, content type and body is one that the document names.

    python schemathesis_run.py http://127.0.0.1:PORT EXAMPLES [FILE]

EXAMPLES bounds the generated requests of each operation in the fuzzing phase; FILE is read instead of /openapi.json. Prints
what schemathesis found, if anything, then one line of JSON, `{"ok": true, ...}`; the exit code is 1 when it is not.

Called by the test command, in a virtual environment with `schemathesis` 4.32.5. Knows nothing of the hub's inside.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from urllib.request import urlopen

CHECKS = ["not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance"]
METHODS = {"get", "head", "post", "put", "patch", "delete", "options"}
# Examples of the document, then every parameter at its bounds and missing, then chance.
PHASES = ["examples", "coverage", "fuzzing"]
SEED = 42
# Above this the hub hangs, whatever it would answer.
TIMEOUT_S = 20
# Findings shown: enough to see what is wrong, few enough to read.
SHOWN_CHARS = 20_000


def arguments(url, examples, document, report):
    where = [document, "--url", url] if document else [f"{url}/openapi.json"]
    return [
        str(Path(sys.executable).with_name("schemathesis")), "run", *where,
        "--checks", ",".join(CHECKS), "--phases", ",".join(PHASES), "--max-examples", str(examples),
        "--seed", str(SEED), "--request-timeout", str(TIMEOUT_S), "--suppress-health-check", "all",
        "--generation-database", "none", "--warnings", "off", "--continue-on-failure", "--no-shrink", "--no-color",
        "--report", "ndjson", "--report-ndjson-path", str(report),
    ]


def operations(text):
    return sum(len(METHODS & methods.keys()) for methods in json.loads(text).get("paths", {}).values())


def counted(report):
    """Requests sent, and of each status how many."""
    statuses = {}
    if report.exists():
        for line in report.open(encoding="utf-8"):
            for recorder in find(json.loads(line), "interactions"):
                for interaction in recorder.values() if isinstance(recorder, dict) else recorder:
                    response = interaction.get("response") or {}
                    status = str(response.get("status_code", "none"))
                    statuses[status] = statuses.get(status, 0) + 1
    return statuses


def find(value, key):
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == key:
                yield inner
            else:
                yield from find(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from find(inner, key)


def main():
    if len(sys.argv) not in (3, 4) or not sys.argv[2].isdigit():
        print("usage: schemathesis_run.py http://HOST:PORT EXAMPLES [FILE]", file=sys.stderr)
        return 2
    url, examples = sys.argv[1].rstrip("/"), int(sys.argv[2])
    document = str(Path(sys.argv[3]).resolve()) if len(sys.argv) == 4 else None
    start = time.monotonic()
    summary = {"client": f"schemathesis {version('schemathesis')}", "ok": True}
    text = Path(document).read_text(encoding="utf-8") if document else urlopen(f"{url}/openapi.json", timeout=30).read()
    summary["operations"] = operations(text)
    if summary["operations"]:
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder) / "events.ndjson"
            hooks = {"SCHEMATHESIS_HOOKS": "schemathesis_hooks", "PYTHONPATH": str(Path(__file__).resolve().parent)}
            run = subprocess.run(
                arguments(url, examples, document, report), cwd=folder, env=os.environ | hooks, text=True,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            )
            summary["statuses"] = dict(sorted(counted(report).items()))
        summary["ok"] = run.returncode == 0
        if run.returncode != 0:
            print(run.stdout[-SHOWN_CHARS:])
    summary["seconds"] = round(time.monotonic() - start, 2)
    print(json.dumps(summary))
    return 0 if summary["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
