"""A round trip with NHS England's own `mesh-client` (PyPI) against a hub in its sandbox set-up.

    python mesh_client_trip.py http://127.0.0.1:PORT

Does what a client does: ping, handshake, send, chunked send (plain and gzip), list, page, filter, download, read line by
line, acknowledge, track, look up, collects reports, and meets the published refusals. Every public function of the client
is used (`mesh_client_surface.py` lists them): one that was not is a mismatch, so that a new version of the client cannot
bring functions that nobody tried. Prints one line of JSON, `{"ok": true, ...}`; on the first mismatch the line says what
was wrong, and the exit code is 1. Both mailboxes are emptied first and left empty.

Called by the test command, in a virtual environment with `mesh-client` 5.0.2. Knows nothing of the hub's inside.
"""

import contextlib
import dataclasses
import gc
import gzip
import io
import json
import os
import socket
import sys
import tempfile
import time
import uuid
import warnings
from importlib.metadata import version
from unittest import mock

import mesh_client
import requests
import urllib3
from mesh_client import MeshClient, MeshError, io_helpers, mesh_auth
from mesh_client_surface import Ledger

KEY = b"TestKey"
PASSWORD = "password"
ALICE, BOB, CAROL = "X26ABC1", "X26ABC2", "X26ABC3"
WORKFLOW = "TEST_WORKFLOW"
# Three chunks and a bit, so that the last one is short.
CHUNK_BYTES = 100_000
LARGE = b"".join(b"line %06d of a message in chunks\n" % n for n in range(10_000))
# Above the size at which a server may spill a request body to disk.
SPILLED = bytes(range(256)) * 4_000

done = []


class Mismatch(Exception):
    """The hub answered something else than a mailbox owner must get."""


def same(what, got, wanted):
    if got != wanted:
        raise Mismatch(f"{what}: got {got!r:.200}, wanted {wanted!r:.200}")


def client(url, mailbox, **options):
    # No retries: a hub that needs them would hide behind them.
    return MeshClient(url, mailbox, PASSWORD, shared_key=KEY, max_retries=0, timeout=30, **options)


def refused(what, status, call):
    try:
        call()
    except requests.HTTPError as error:
        same(what, error.response.status_code, status)
        return error.response
    raise Mismatch(f"{what}: accepted, wanted {status}")


def empty(mailbox):
    for message_id in list(mailbox.iterate_message_ids()):
        mailbox.acknowledge_message(message_id)
    same("an emptied inbox", mailbox.list_messages(), [])


def greets(alice, bob):
    same("ping", isinstance(alice.ping(), dict), True)
    for mailbox in (alice, bob):
        same("handshake", mailbox.handshake(), b"hello")
    done.append("handshake")


def wrong_credentials(url):
    for options in ({"password": "wrong", "shared_key": KEY}, {"password": PASSWORD, "shared_key": b"wrong"}):
        with MeshClient(url, ALICE, max_retries=0, **options) as stranger:
            refused("a wrong password or key", 403, stranger.handshake)
    done.append("refuse-wrong-credentials")


def replay(url, alice):
    token = alice._session.auth.generate_token()
    get = lambda: requests.get(f"{url}/messageexchange/{ALICE}/inbox", headers={"Authorization": token}, timeout=30)
    same("a token's first use", get().status_code, 200)
    same("a token's second use", get().status_code, 403)
    done.append("refuse-replay")


def sends_whole(alice, bob):
    local_id = f"trip-{uuid.uuid4()}"
    content = b"first line\nsecond line\nthird line\n"
    message_id = alice.send_message(
        BOB, content, workflow_id=WORKFLOW, filename="trip.txt", local_id=local_id, subject="A trip",
        checksum="b10a8db164e0754105b7a99be72e3fe5", partner_id="partner", encrypted=False, compressed=False,
        content_type="text/plain",
    )
    same("the inbox", bob.list_messages(), [message_id])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        same("the count", bob.count_messages(), 1)
    tracked = alice.track_message(message_id)
    same("tracking: status", tracked["status"], "accepted")
    same("tracking: recipient", (tracked["recipient"], tracked["local_id"]), (BOB, local_id))
    with bob.retrieve_message(message_id) as message:
        headers = {
            "sender": ALICE, "recipient": BOB, "message_id": message_id, "message_type": "DATA",
            "workflow_id": WORKFLOW, "filename": "trip.txt", "local_id": local_id, "subject": "A trip",
            "checksum": "b10a8db164e0754105b7a99be72e3fe5", "partner_id": "partner", "content_type": "text/plain",
            "encrypted": False,
        }
        same("the headers", {name: getattr(message, name) for name in headers}, headers)
        same("status header", message.mex_header("statuscode"), "00")
        same("the lines", message.readlines()[:3], [b"first line\n", b"second line\n", b"third line\n"])
    # Leaving the `with` acknowledged it.
    same("the inbox after acknowledging", bob.list_messages(), [])
    bob.acknowledge_message(message_id)
    same("tracking after acknowledging", alice.track_message(message_id)["status"], "acknowledged")
    refused("downloading after acknowledging", 410, lambda: bob.retrieve_message(message_id))
    refused("tracking somebody else's message", 404, lambda: bob.track_message(message_id))
    done.extend(["send", "list", "count", "download", "acknowledge", "track"])


def sends_in_chunks(alice, bob, compress):
    message_id = alice.send_message(
        BOB, LARGE, workflow_id=WORKFLOW, max_chunk_size=CHUNK_BYTES, compress=compress, filename="large.txt"
    )
    same("the inbox", bob.list_messages(), [message_id])
    message = bob.retrieve_message(message_id)
    chunks = -(-len(LARGE) // CHUNK_BYTES)
    same("the chunk range", message.mex_header("chunk-range"), f"1:{chunks}")
    got = message.read()
    same("the length of a chunked message", len(got), len(LARGE))
    same("the content of a chunked message", got == LARGE, True)
    message.acknowledge()
    message.close()
    same("tracking a chunked message", alice.track_message(message_id)["status"], "acknowledged")
    done.append("chunked-gzip" if compress else "chunked")


def shows_no_unfinished_message(alice, bob):
    part = lambda n, **ids: alice.send_chunk(BOB, io.BytesIO(b"part %d" % n), n, 3, workflow_id=WORKFLOW, **ids)
    message_id = part(1).json()["message_id"]
    same("the inbox before the last chunk", bob.list_messages(), [])
    same("tracking before the last chunk", alice.track_message(message_id)["status"], "uploading")
    refused("downloading before the last chunk", 410, lambda: bob.retrieve_message(message_id))
    same("a middle chunk", part(2, message_id=message_id).status_code, 202)
    same("the inbox before the last chunk", bob.list_messages(), [])
    same("the last chunk", part(3, message_id=message_id).status_code, 202)
    same("the inbox after the last chunk", bob.list_messages(), [message_id])
    refused("a chunk too late", 423, lambda: part(3, message_id=message_id))
    with bob.retrieve_message(message_id) as message:
        same("the content", message.read(), b"part 1part 2part 3")
    done.append("unfinished-unseen")


def sends_a_large_body_whole(alice, bob):
    for compress in (False, True):
        message_id = alice.send_message(BOB, SPILLED, workflow_id=WORKFLOW, compress=compress)
        with bob.retrieve_message(message_id) as message:
            same("the content of a large body", message.read() == SPILLED, True)
    done.append("large-body")


def pages_and_filters(alice, bob):
    sent = [alice.send_message(BOB, b"letter %d" % n, workflow_id="LETTER") for n in range(23)]
    acks = [alice.send_message(BOB, b"ack %d" % n, workflow_id="LETTER_ACK") for n in range(4)]
    same("a page", bob.list_messages(max_results=10), sorted(sent + acks)[:10])
    same("all pages", sorted(bob.iterate_message_ids(batch_size=10)), sorted(sent + acks))
    same("a filter", sorted(bob.iterate_message_ids(workflow_filter="*_ACK*")), sorted(acks))
    same("its opposite", sorted(bob.iterate_message_ids(workflow_filter="!*_ACK*", batch_size=10)), sorted(sent))
    seen = {}
    for message in bob.iterate_messages(batch_size=10):
        with message:
            seen[message.id()] = message.read()
    wanted = {i: b"letter %d" % n for n, i in enumerate(sent)} | {i: b"ack %d" % n for n, i in enumerate(acks)}
    same("iterated content", seen, wanted)
    same("the inbox at the end", list(bob.iterate_message_ids()), [])
    done.extend(["iterate", "filter"])


def looks_up(alice):
    found = alice.lookup_endpoint("X26", "TEST_WORKFLOW2")["results"]
    same("the look-up", sorted(item["mailbox_id"] for item in found), [ALICE, BOB])
    same("a look-up of nothing", alice.lookup_endpoint("X26", "NO_SUCH_WORKFLOW")["results"], [])
    done.append("lookup")


def is_refused_as_published(alice):
    try:
        alice.send_message("NOBODY", b"x", workflow_id=WORKFLOW)
    except MeshError as error:
        same("the code for an unknown recipient", error.args[1]["detail"][0]["code"], "12")
    else:
        raise Mismatch("a message to nobody was accepted")
    answer = alice._session.post(
        f"{alice.mailbox_url}/outbox", data=b"x", timeout=30,
        headers={"Mex-To": BOB, "Mex-WorkflowID": WORKFLOW, "Content-Encoding": "br"},
    )
    same("an unknown content encoding", answer.status_code, 422)
    refused("an unknown message", 404, lambda: alice.retrieve_message("20200101000000000000_ABCDEF"))
    done.append("errors")


def keeps_mailboxes_apart(url, alice, bob):
    message_id = alice.send_message(BOB, b"for Bob only", workflow_id=WORKFLOW)
    with client(url, CAROL) as carol:
        refused("downloading another's message", 403, lambda: carol.retrieve_message(message_id))
        refused("acknowledging another's message", 403, lambda: carol.acknowledge_message(message_id))
    same("the inbox", bob.list_messages(), [message_id])
    bob.acknowledge_message(message_id)
    done.append("apart")


def speaks_version_1(alice, bob):
    v1 = {"Accept": "application/vnd.mesh.v1+json"}
    sent = alice._session.post(
        f"{alice.mailbox_url}/outbox", data=gzip.compress(b"version one"), timeout=30,
        headers={**v1, "Mex-To": BOB, "Mex-WorkflowID": WORKFLOW, "Content-Encoding": "gzip"},
    )
    same("v1 send", sent.status_code, 202)
    message_id = sent.json()["messageID"]
    get = lambda who, path, **more: who._session.get(
        f"{who.mailbox_url}/{path}", headers={**v1, "Accept-Encoding": "identity", **more}, timeout=30
    )
    same("v1 inbox", get(bob, "inbox").json(), {"messages": [message_id]})
    same("v1 download, unpacked", get(bob, f"inbox/{message_id}").content, b"version one")
    same("v1 tracking", get(alice, f"outbox/tracking?messageID={message_id}").json()["status"], "Accepted")
    ack = bob._session.put(f"{bob.mailbox_url}/inbox/{message_id}/status/acknowledged", headers=v1, timeout=30)
    same("v1 acknowledge", ack.json(), {"messageId": message_id})
    done.append("version-1")


def collects_reports(url, alice):
    """What another part of Spine would report comes as a REPORT message, whatever its code."""
    for status, code, told in (("error", "EPL-151", "EPL-151"), ("undeliverable", "21", "14")):
        asked = {
            "mailbox_id": ALICE, "status": status, "code": code, "description": "No mailbox matched", "workflow_id": "W",
            "subject": "a subject", "local_id": "my-id", "linked_message_id": "20200101000000000000_ABCDEF",
        }
        made = requests.post(f"{url}/messageexchange/admin/report", json=asked, timeout=30)
        same("making a report", made.status_code, 200)
        message_id = made.json()["message_id"]
        same("the inbox with a report", alice.list_messages(), [message_id])
        with alice.retrieve_message(message_id) as report:
            same("the kind of a report", report.message_type, "REPORT")
            same("the content of a report", report.read(), b"")
            headers = dict(report.mex_headers())
            same("a report's code", (headers["statuscode"], headers["statussuccess"]), (told, "ERROR"))
            same("a report's links", (headers["linkedmsgid"], report.local_id), (asked["linked_message_id"], "my-id"))
    done.append("reports")


def fails_and_comes_back(url, alice, bob):
    """A message that failed leaves the inbox, and is placed there again on request, as the service desk would do."""
    message_id = alice.send_message(BOB, b"twice", workflow_id=WORKFLOW)
    event = lambda **what: requests.post(f"{url}/messageexchange/admin/message/{message_id}/event", json=what, timeout=30)
    same("an event", event(status="undeliverable", code="14", event="SEND", description="late").status_code, 200)
    same("the inbox without it", bob.list_messages(), [])
    refused("downloading an undeliverable message", 410, lambda: bob.retrieve_message(message_id))
    tracked = alice.track_message(message_id)
    same("tracking a failure", (tracked["status"], tracked["status_success"]), ("undeliverable", False))
    same("an event", event(status="accepted").status_code, 200)
    with bob.retrieve_message(message_id) as message:
        same("the content after all", message.read(), b"twice")
    done.append("events")


def administers(url, alice):
    admin = f"{url}/messageexchange/admin"
    name = f"TRIP{uuid.uuid4().hex[:8]}".upper()
    made = requests.post(f"{admin}/mailbox", json={"mailbox_id": name, "receives": ["TRIP"]}, timeout=30)
    same("making a mailbox", (made.status_code, made.json()["mailbox_id"]), (200, name))
    same("looking at it", requests.get(f"{admin}/mailbox/{name}", timeout=30).json(), made.json())
    with client(url, name) as newcomer:
        same("the first handshake of a new mailbox", newcomer.handshake(), b"hello")
        found = [item["mailbox_id"] for item in alice.lookup_endpoint("X26", "TRIP")["results"]]
        same("the look-up of a new mailbox", name in found, True)
        message_id = alice.send_message(name, b"welcome", workflow_id="TRIP")
        details = requests.get(f"{admin}/message/{message_id}", timeout=30).json()
        same("a message's details", (details["recipient"], details["status"]), (name, "Accepted"))
        same("the newcomer's inbox", newcomer.list_messages(), [message_id])
        same("resetting it", requests.delete(f"{admin}/reset/{name}", timeout=30).status_code, 200)
        same("the newcomer's inbox after a reset", newcomer.list_messages(), [])
    done.append("admin")


def resets(url, alice, bob):
    alice.send_message(BOB, b"to be forgotten", workflow_id=WORKFLOW)
    time.sleep(0.01)  # ids are ordered by the millisecond, and a reset takes what is older
    answer = requests.delete(f"{url}/messageexchange/admin/reset", timeout=30)
    same("a reset", (answer.status_code, answer.json()), (200, {"message": "all mailboxes reset"}))
    same("inboxes after a reset", (alice.list_messages(), bob.list_messages()), ([], []))
    done.append("reset")


def reads_in_every_way(alice, bob):
    """Every method and every attribute of a received message."""
    content = b"one\ntwo\nthree\nfour"
    said = {"filename": "every.txt", "local_id": "every", "subject": "s", "checksum": "c0ffee", "partner_id": "p",
            "content_type": "text/plain", "encrypted": True, "compressed": True, "workflow_id": WORKFLOW}
    same("the client's header map", set(mesh_client.optional_header_map()), set(said))
    message_id = alice.send_message(BOB, content, **said)
    message = bob.retrieve_message(message_id)
    wanted = {**said, "message_id": message_id, "message_type": "DATA", "recipient": BOB, "sender": ALICE, "chunk_range": None}
    attributes = {field.name for field in dataclasses.fields(message)} | {"checksum"}
    same("the client's attributes", attributes, set(wanted))
    same("the attributes", {name: getattr(message, name) for name in wanted}, wanted)
    same("the id", message.id(), message_id)
    same("a header that is not there", message.mex_header("nothing", "default"), "default")
    headers = dict(message.mex_headers())
    same("the headers", (headers["chunk-range"], headers["total-chunks"], headers["addresstype"]), ("1:1", "1", "ALL"))
    same("some bytes", message.read(4), b"one\n")
    same("a line", message.readline(), b"two\n")
    message.close()
    message = bob.retrieve_message(message_id)
    same("the lines", message.readlines(), [b"one\n", b"two\n", b"three\n", b"four"])
    message.close()
    message = bob.retrieve_message(message_id)
    same("iterated lines", list(message), [b"one\n", b"two\n", b"three\n", b"four"])
    message.close()
    chunk = bob.retrieve_message_chunk(message_id, 1)
    same("a chunk's status", (chunk.status_code, gzip.decompress(chunk.raw.read()) if "content-encoding" in chunk.headers
                              else chunk.raw.read()), (200, content))
    for found in bob.iterate_all_messages():
        with found:
            same("iterating over all", found.id(), message_id)
    same("the inbox", bob.list_messages(), [])
    done.append("message")


def sends_what_has_a_length(alice, bob):
    """A file, a storage answer, and something with a length of its own, in chunks."""
    with tempfile.TemporaryFile() as file:
        file.write(LARGE)
        file.seek(0)
        ids = [alice.send_message(BOB, file, workflow_id=WORKFLOW, max_chunk_size=CHUNK_BYTES)]
    ids.append(alice.send_message(BOB, {"Body": io.BytesIO(LARGE), "ContentLength": len(LARGE)}, workflow_id=WORKFLOW))
    sized = io_helpers.FiniteLengthStream(io.BytesIO(LARGE + b"more"), len(LARGE))
    sized._content_length = len(LARGE)
    ids.append(alice.send_message(BOB, sized, workflow_id=WORKFLOW, max_chunk_size=CHUNK_BYTES, compress=True))
    for message_id in ids:
        with bob.retrieve_message(message_id) as message:
            same("the content of a stream", message.read() == LARGE, True)
    done.append("streams")


def reads_streams():
    """The client's stream helpers, each method of each."""
    text = b"one\ntwo\nthree\n"
    packed = gzip.compress(text)
    chunked = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (text[:5], text[5:])) + b"0\r\n\r\n"
    makes = {
        "packing": (lambda: io_helpers.GzipDecompressStream(io_helpers.GzipCompressStream(io.BytesIO(text)))),
        "unpacking": (lambda: io_helpers.GzipDecompressStream(io.BytesIO(packed))),
        "combining": (lambda: io_helpers.CombineStreams([io.BytesIO(text[:5]), io.BytesIO(text[5:])])),
        "a bounded stream": (lambda: io_helpers.FiniteLengthStream(io.BytesIO(text + b"more"), len(text))),
        "a chunked stream": (lambda: io_helpers.ChunkedStream(io.BytesIO(chunked))),
    }
    for what, make in makes.items():
        same(what, make().read(), text)
        same(f"{what}: a line", make().readline(), b"one\n")
        same(f"{what}: lines", b"".join(make().readlines()), text)
        same(f"{what}: iterated", b"".join(make()), text)
        stream = make()
        same(f"{what}: some bytes", stream.read(3), b"one")
        stream.close()
        if hasattr(stream, "__enter__"):
            with make() as stream:
                same(f"{what}: inside with", stream.read(3), b"one")
    for stream in (io_helpers.GzipCompressStream(io.BytesIO(text)), io_helpers.GzipDecompressStream(io.BytesIO(packed))):
        stream.read_all()
    with io_helpers.SplitStream(text, 5) as split:
        same("splitting", (len(split), [part.read() for part in split]), (3, [text[:5], text[5:10], text[10:]]))
    done.append("stream-helpers")


def makes_tokens(url):
    """Every way of the client to a token opens the mailbox once."""
    get = lambda token: requests.get(
        f"{url}/messageexchange/{ALICE}/inbox", headers={"Authorization": token}, timeout=30
    ).status_code
    generator = mesh_client.AuthTokenGenerator(KEY, ALICE, PASSWORD)
    tokens = [generator.generate_token(), generator(), generator(requests.Request(headers={})).headers["Authorization"]]
    out = io.StringIO()
    arguments = ["mesh_auth", ALICE, PASSWORD, "--shared-key", KEY.decode()]
    with mock.patch.object(sys, "argv", arguments), contextlib.redirect_stdout(out):
        mesh_auth.main()
    tokens.append(out.getvalue().strip())
    for token in tokens:
        same("a token's uses", (get(token), get(token)), (200, 403))
    with mock.patch.dict(os.environ, {"MESH_CLIENT_SHARED_KEY": KEY.decode()}):
        same("the key of the environment", mesh_client.get_shared_key_from_environ(), KEY)
        with MeshClient(url, ALICE, PASSWORD, application_name="trip") as keyless:
            same("a handshake with it", keyless.handshake(), b"hello")
            same("its address", keyless.mailbox_url, url + keyless.mailbox_path)
    done.append("tokens")


def gives_up_as_it_should():
    """Retries: of a GET as often as told, of a first POST never. Nobody listens there."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{bound.getsockname()[1]}"
    with MeshClient(nobody, ALICE, PASSWORD, KEY, max_retries=2, retry_backoff_factor=0, timeout=5) as lonely:
        for call in (lonely.ping, lambda: lonely.send_message(BOB, b"x", workflow_id=WORKFLOW)):
            try:
                call()
            except (requests.ConnectionError, urllib3.exceptions.HTTPError):
                continue
            raise Mismatch("somebody answered where nobody listens")
    try:
        mesh_client.reraise(MeshError, MeshError("again"))
    except MeshError:
        done.append("retries")


def knows_its_environments():
    """The preconfigured end points, without a call to any: this hub must be enough."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        for name, endpoint in mesh_client.ENDPOINTS:
            same(name, mesh_client.try_get_endpoint_from_url(endpoint.url), endpoint)
            with MeshClient(endpoint, ALICE, PASSWORD, KEY) as remote:
                adapter = remote._session.get_adapter(endpoint.url)
                same(f"{name}: adapter", isinstance(adapter, mesh_client.SSLContextAdapter), True)
                adapter.proxy_manager_for("http://127.0.0.1:1")
        same("an unknown environment", mesh_client.try_get_endpoint_from_url("https://hub.example"), None)
        same("a deprecated function", mesh_client.deprecated("old")(lambda: 1)(), 1)
        forgotten = MeshClient("http://127.0.0.1:1", ALICE, PASSWORD, KEY)
        warnings.simplefilter("ignore", UserWarning)
        del forgotten  # closes itself, with a warning
        gc.collect()
    done.append("environments")


def uses_all_of_the_client(ledger):
    same("public functions of the client that this trip did not use", ledger.unused(), [])
    done.append(f"surface:{len(ledger.surface)}")


def trip(url):
    with client(url, ALICE) as alice, client(url, BOB) as bob:
        greets(alice, bob)
        empty(alice)
        empty(bob)
        wrong_credentials(url)
        replay(url, alice)
        sends_whole(alice, bob)
        sends_in_chunks(alice, bob, compress=False)
        sends_in_chunks(alice, bob, compress=True)
        shows_no_unfinished_message(alice, bob)
        sends_a_large_body_whole(alice, bob)
        pages_and_filters(alice, bob)
        looks_up(alice)
        is_refused_as_published(alice)
        keeps_mailboxes_apart(url, alice, bob)
        speaks_version_1(alice, bob)
        collects_reports(url, alice)
        fails_and_comes_back(url, alice, bob)
        reads_in_every_way(alice, bob)
        sends_what_has_a_length(alice, bob)
        makes_tokens(url)
        administers(url, alice)
        resets(url, alice, bob)
    reads_streams()
    gives_up_as_it_should()
    knows_its_environments()


def main():
    if len(sys.argv) != 2:
        print("usage: mesh_client_trip.py http://HOST:PORT", file=sys.stderr)
        return 2
    start = time.monotonic()
    summary = {"client": f"mesh-client {version('mesh-client')}", "ok": True}
    try:
        ledger = Ledger()
        ledger.begin()
        try:
            trip(sys.argv[1].rstrip("/"))
        finally:
            ledger.end()
        uses_all_of_the_client(ledger)
    except (Mismatch, MeshError, requests.RequestException) as problem:
        summary.update(ok=False, problem=f"{type(problem).__name__}: {problem}")
    summary.update(done=done, seconds=round(time.monotonic() - start, 2))
    print(json.dumps(summary))
    return 0 if summary["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
