"""A round trip with the FHIR client `fhirpy` (PyPI) against the Personal Demographics Service of a hub in its sandbox set-up.

    python fhirpy_trip.py http://127.0.0.1:PORT

Reads, searches, updates under a version, registers, and meets the published refusals, with the synchronous client and again
with the asynchronous one, which speak HTTP through different libraries. Prints one line of JSON, `{"ok": true, ...}`; on the
first mismatch the line says what was wrong, and the exit code is 1.

Called by the test command, in a virtual environment with `fhirpy` 2.3.1. Knows nothing of the hub's inside.
"""

import asyncio
import inspect
import json
import sys
import time
import uuid
from importlib.metadata import version

import requests
from fhirpy import AsyncFHIRClient, SyncFHIRClient
from fhirpy.base.exceptions import BaseFHIRError, MultipleResourcesFound, OperationOutcome, ResourceNotFound

BASE = "/personal-demographics/FHIR/R4"
# The published sandbox patients: a full record, a restricted one, a minimal one.
FULL, RESTRICTED, MINIMAL = "9000000009", "9000000025", "9000000033"
# Valid, synthetic, and nobody's.
NOBODY = "9999999999"

done = []


class Mismatch(Exception):
    """The hub answered something else than a client must get."""


def same(what, got, wanted):
    if got != wanted:
        raise Mismatch(f"{what}: got {got!r:.200}, wanted {wanted!r:.200}")


async def wait(value):
    """What a call of either client gives."""
    return await value if inspect.isawaitable(value) else value


async def refused(what, kinds, call):
    try:
        await wait(call())
    except kinds as error:
        return error
    except BaseFHIRError as error:
        raise Mismatch(f"{what}: refused as {type(error).__name__}: {error}") from error
    raise Mismatch(f"{what}: accepted")


def code_of(error):
    """The Spine error code of a refusal, which fhirpy gives as text or as a resource."""
    outcome = getattr(error, "resource", None) or json.loads(str(error))
    return outcome["issue"][0]["details"]["coding"][0]["code"]


class Trip:
    """One client's way through the service."""

    def __init__(self, kind, url):
        self.kind, self.url = kind, url

    def client(self, **headers):
        # X-Request-ID is required by the service and new for each request; fhirpy has headers for each client.
        return self.kind(self.url + BASE, extra_headers={"X-Request-ID": str(uuid.uuid4()), **headers})

    async def read(self, number=FULL):
        return await wait(self.client().get("Patient", number))

    async def reads(self):
        patient = await self.read()
        same("the resource", (patient["resourceType"], patient["id"]), ("Patient", FULL))
        resource = await wait(self.client().reference("Patient", FULL).to_resource())
        same("a reference's resource", resource.get_by_path("name.0.family"), patient["name"][0]["family"])
        for number in (RESTRICTED, MINIMAL):
            same("another patient", (await self.read(number))["id"], number)
        error = await refused("nobody's number", ResourceNotFound, lambda: self.client().get("Patient", NOBODY))
        same("the code for nobody", code_of(error), "RESOURCE_NOT_FOUND")
        error = await refused("a wrong check digit", OperationOutcome, lambda: self.client().get("Patient", "9000000000"))
        same("the code for a wrong number", code_of(error), "INVALID_RESOURCE_ID")

    async def searches(self):
        patient = await self.read()
        name = patient["name"][0]
        # Parameters as published; fhirpy writes the prefix of a date from the name's suffix.
        asked = {"family": name["family"], "given": name["given"][0], "gender": patient["gender"]}
        people = lambda **more: self.client().resources("Patient").search(**asked, **more)
        found = await wait(people(birthdate__eq=patient["birthDate"]).fetch())
        same("found", [p["id"] for p in found], [FULL])
        bundle = await wait(people(birthdate=patient["birthDate"]).fetch_raw())
        same("the bundle", (bundle["resourceType"], bundle["type"], bundle["total"]), ("Bundle", "searchset", 1))
        year = patient["birthDate"][:4]
        found = await wait(people(birthdate__ge=f"{year}-01-01", birthdate__le=f"{year}-12-31").fetch())
        same("found in a range", [p["id"] for p in found], [FULL])
        found = await wait(people(birthdate=patient["birthDate"], **{"_max-results": 1}).fetch())
        same("found, one at most", len(found), 1)
        found = await wait(self.client().resources("Patient").search(family="Nosuchfamily", gender="male", birthdate__eq="1901-01-01").fetch())
        same("found of nobody", found, [])
        error = await refused(
            "an unknown parameter", OperationOutcome, lambda: people(birthdate__eq=patient["birthDate"], shoe="42").fetch()
        )
        same("the code for an unknown parameter", code_of(error), "ADDITIONAL_PROPERTIES")

    async def updates(self):
        patient = await self.read()
        etag = f'W/"{patient["meta"]["versionId"]}"'
        # The service takes JSON Patch under a version; fhirpy sends what `execute` is given.
        patch = lambda etag, *patches: self.client(
            **{"If-Match": etag, "Content-Type": "application/json-patch+json"}
        ).execute(f"Patient/{FULL}", method="patch", data={"patches": list(patches)})
        other = "male" if patient["gender"] == "female" else "female"
        replace = lambda value: {"op": "replace", "path": "/gender", "value": value}
        after = await wait(patch(etag, replace(other)))
        same("the new version", int(after["meta"]["versionId"]), int(patient["meta"]["versionId"]) + 1)
        same("what a reader sees", (await self.read())["gender"], other)
        error = await refused("a version that is over", OperationOutcome, lambda: patch(etag, replace("other")))
        same("the code for a version that is over", code_of(error), "RESOURCE_VERSION_MISMATCH")
        await wait(patch(f'W/"{after["meta"]["versionId"]}"', replace(patient["gender"])))
        same("what a reader sees at the end", (await self.read())["gender"], patient["gender"])
        # fhirpy's own `patch` knows no version and sends a partial resource: refused for the one or the other.
        both = (MultipleResourcesFound, OperationOutcome)
        await refused("an update without a version", both, lambda: self.client().patch("Patient", FULL, gender=other))
        same("what a reader sees after a refusal", (await self.read())["gender"], patient["gender"])

    async def registers(self):
        document = requests.get(f"{self.url}/openapi.json", timeout=30).json()
        same("the document names registration", "post" in document["paths"].get(f"{BASE}/Patient", {}), True)
        newcomer = self.client().resource(
            "Patient",
            name=[{"use": "usual", "family": f"Newcomer{uuid.uuid4().hex[:8]}", "given": ["Odette"], "period": {"start": "2025-03-01"}}],
            gender="female",
            birthDate="2025-03-01",
            address=[{"use": "home", "line": ["1 Synthetic Street", "", "", "Addlebury", ""], "postalCode": "AA1 1CC", "period": {"start": "2025-03-01"}}],
            extension=[{
                "url": "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-RegisteringAuthority",
                "extension": [
                    {"url": "registeringAuthorityType", "valueCodeableConcept": {"coding": [
                        {"system": "https://fhir.nhs.uk/CodeSystem/UKCore-RegisteringAuthorityType", "code": "x"}
                    ]}},
                    {"url": "organisationIdentifier", "valueString": "X26"},
                ],
            }],
        )
        await wait(newcomer.create())
        number = newcomer["id"]
        same("the number", (len(number), number[0]), (10, "9"))
        same("a reader of the new record", (await self.read(number))["birthDate"], "2025-03-01")
        done.append("create")


async def trip(url):
    for kind in (SyncFHIRClient, AsyncFHIRClient):
        way = Trip(kind, url)
        for step in (way.reads, way.searches, way.updates, way.registers):
            await step()
            done.append(f"{kind.__name__}.{step.__name__}")


def main():
    if len(sys.argv) != 2:
        print("usage: fhirpy_trip.py http://HOST:PORT", file=sys.stderr)
        return 2
    start = time.monotonic()
    summary = {"client": f"fhirpy {version('fhirpy')}", "ok": True}
    try:
        asyncio.run(trip(sys.argv[1].rstrip("/")))
    except (Mismatch, BaseFHIRError, requests.RequestException, KeyError, IndexError) as problem:
        summary.update(ok=False, problem=f"{type(problem).__name__}: {problem}")
    summary.update(done=done, seconds=round(time.monotonic() - start, 2))
    print(json.dumps(summary))
    return 0 if summary["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
