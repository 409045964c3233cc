// A round trip with the FHIR client `fhir-kit-client` (npm) against the Personal Demographics Service of a hub in its
// sandbox set-up.
//
//     node fhir_kit_trip.mjs http://127.0.0.1:PORT
//
// Reads, searches, updates under a version, registers, and meets the published refusals; once with bodies of known length
// and once with bodies streamed in chunks without Content-Length, through a relay that sees that they are. Prints one line
// of JSON, {"ok": true, ...}; on the first mismatch the line says what was wrong, and the exit code is 1.
//
// Called by the test command, copied into a folder with fhir-kit-client 2.0.3. Knows nothing of the hub's inside.

import { randomUUID } from 'node:crypto';
import http from 'node:http';
import { Client } from 'fhir-kit-client';

const BASE = '/personal-demographics/FHIR/R4';
const [FULL, NOBODY] = ['9000000009', '9999999999'];
const done = [];

class Mismatch extends Error {}

function same(what, got, wanted) {
  const [a, b] = [JSON.stringify(got), JSON.stringify(wanted)];
  if (a !== b) throw new Mismatch(`${what}: got ${a}, wanted ${b}`);
}

async function refused(what, status, code, call) {
  try {
    await call();
  } catch (error) {
    if (!error.response) throw error;
    same(`${what}: status`, error.response.status, status);
    same(`${what}: code`, error.response.data.issue[0].details.coding[0].code, code);
    return;
  }
  throw new Mismatch(`${what}: accepted`);
}

// Passes everything on and notes how bodies came.
function relay(target, seen) {
  const server = http.createServer((request, response) => {
    if (['POST', 'PATCH'].includes(request.method)) {
      seen.push(request.headers['transfer-encoding'] ?? `length ${request.headers['content-length']}`);
    }
    const { host, port } = { host: target.hostname, port: target.port };
    const on = http.request({ host, port, method: request.method, path: request.url, headers: request.headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    on.on('error', () => response.destroy());
    request.pipe(on);
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

async function trip(url, streamed) {
  const base = `${url}${BASE}`;
  // The client's own hook before a request goes out.
  const requestSigner = async (_, request) => {
    request.headers.set('x-request-id', randomUUID());
    if (streamed && request.body !== undefined) {
      request.body = new Blob([request.body]).stream();
      request.duplex = 'half';
      request.keepalive = false; // fetch refuses to keep a stream alive
    }
  };
  const client = new Client({ baseUrl: base, requestSigner });
  const read = (id = FULL) => client.read({ resourceType: 'Patient', id });

  const patient = await read();
  same('the resource', [patient.resourceType, patient.id], ['Patient', FULL]);
  const etag = Client.httpFor(patient).response.headers.get('etag');
  same('the ETag', etag, `W/"${patient.meta.versionId}"`);
  await refused('nobody', 404, 'RESOURCE_NOT_FOUND', () => read(NOBODY));

  const name = patient.name[0];
  const asked = { family: name.family, given: name.given[0], gender: patient.gender };
  const search = (more) => client.search({ resourceType: 'Patient', searchParams: { ...asked, ...more } });
  const bundle = await search({ birthdate: `eq${patient.birthDate}` });
  same('the bundle', [bundle.type, bundle.total, bundle.entry[0].resource.id], ['searchset', 1, FULL]);
  const year = patient.birthDate.slice(0, 4);
  const range = await search({ birthdate: [`ge${year}-01-01`, `le${year}-12-31`] });
  same('found in a range', range.entry.map((e) => e.resource.id), [FULL]);
  await refused('an unknown parameter', 400, 'ADDITIONAL_PROPERTIES', () => search({ birthdate: `eq${patient.birthDate}`, shoe: '42' }));

  const patch = (ifMatch, value) => client.patch({
    resourceType: 'Patient', id: FULL, jsonPatch: { patches: [{ op: 'replace', path: '/gender', value }] },
    options: { headers: { 'If-Match': ifMatch } },
  });
  const other = patient.gender === 'female' ? 'male' : 'female';
  const after = await patch(etag, other);
  same('the new version', Number(after.meta.versionId), Number(patient.meta.versionId) + 1);
  same('what a reader sees', (await read()).gender, other);
  await refused('a version that is over', 409, 'RESOURCE_VERSION_MISMATCH', () => patch(etag, 'other'));
  await patch(Client.httpFor(after).response.headers.get('etag'), patient.gender);
  same('what a reader sees at the end', (await read()).gender, patient.gender);
  done.push('read', 'search', 'update');

  const document = await (await fetch(`${url}/openapi.json`)).json();
  same('the document names registration', Boolean(document.paths[`${BASE}/Patient`]?.post), true);
  const created = await client.create({ resourceType: 'Patient', body: newcomer() });
  same('the number', /^9\d{9}$/.test(created.id), true);
  same('a reader of the new record', (await read(created.id)).birthDate, '2025-04-01');
  done.push('create');
}

function newcomer() {
  const since = { start: '2025-04-01' };
  const code = { system: 'https://fhir.nhs.uk/CodeSystem/UKCore-RegisteringAuthorityType', code: 'x' };
  return {
    resourceType: 'Patient',
    name: [{ use: 'usual', family: `Newcomer${randomUUID().slice(0, 8)}`, given: ['Ambrose'], period: since }],
    gender: 'male',
    birthDate: '2025-04-01',
    address: [{ use: 'home', line: ['2 Synthetic Street', '', '', 'Addlebury', ''], postalCode: 'AA1 1CC', period: since }],
    extension: [{
      url: 'https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-RegisteringAuthority',
      extension: [
        { url: 'registeringAuthorityType', valueCodeableConcept: { coding: [code] } },
        { url: 'organisationIdentifier', valueString: 'X26' },
      ],
    }],
  };
}

const start = performance.now();
const summary = { client: `fhir-kit-client on node ${process.version}`, ok: true };
const seen = [];
let server;
try {
  const url = new URL(process.argv[2]);
  server = await relay(url, seen);
  const relayed = `http://127.0.0.1:${server.address().port}`;
  await trip(url.origin, false);
  await trip(relayed, true);
  same('bodies in chunks without Content-Length', [...new Set(seen)], ['chunked']);
  done.push('chunked');
} catch (problem) {
  Object.assign(summary, { ok: false, problem: `${problem.name ?? ''} ${problem.message}${problem.cause ? `: ${problem.cause}` : ''}` });
}
server?.close();
Object.assign(summary, { done, seconds: Math.round(performance.now() - start) / 1000 });
console.log(JSON.stringify(summary));
process.exit(summary.ok ? 0 : 1);
