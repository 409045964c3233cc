// Takes each annotation apart as the runner does, has GitHub's own toolkit write it again, and compares the bytes.
// Also holds the runner's limit: ten annotations of a type a step.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as core from "@actions/core";

const data = (text) => text.replaceAll("%0D", "\r").replaceAll("%0A", "\n").replaceAll("%25", "%");
const property = (text) =>
  text.replaceAll("%0D", "\r").replaceAll("%0A", "\n").replaceAll("%3A", ":").replaceAll("%2C", ",").replaceAll("%25", "%");

function written(act) {
  const before = process.stdout.write;
  let text = "";
  process.stdout.write = (part) => { text += part; return true; };
  try { act(); } finally { process.stdout.write = before; }
  return text;
}

const folder = process.argv[2];
const names = readdirSync(folder);
let lines = 0;
for (const name of names) {
  const counts = {};
  const text = readFileSync(join(folder, name, "gate-annotations.txt"), "utf8");
  for (const line of text.split("\n").filter((line) => line !== "")) {
    const end = line.indexOf("::", 2);
    const [level, ...rest] = line.slice(2, end).split(" ");
    const pairs = rest.join(" ").split(",").map((pair) => {
      const at = pair.indexOf("=");
      return [pair.slice(0, at), property(pair.slice(at + 1))];
    });
    const { title, file, line: startLine, ...more } = Object.fromEntries(pairs);
    if (Object.keys(more).length > 0) throw new Error(`${name}: unknown properties ${Object.keys(more)} in ${line}`);
    const properties = { title, file, startLine: startLine && Number(startLine) };
    const again = written(() => core[level](data(line.slice(end + 2)), properties));
    if (again !== line + "\n") throw new Error(`${name}: ours\n${line}\nthe toolkit's\n${again}`);
    counts[level] = (counts[level] ?? 0) + 1;
    if (counts[level] > 10) throw new Error(`${name}: more than ten of ${level}`);
    lines += 1;
  }
}
console.log(`${names.length} files, ${lines} annotations`);
