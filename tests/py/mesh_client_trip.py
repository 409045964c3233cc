"""A round trip with NHS England's own `mesh-client` (PyPI) against a hub in its sandbox set-up.

    python mesh_client_trip.py http://127.0.0.1:PORT

Does what a client does: ping, handshake, send, chunked send (plain and gzip), list, page, filter, download, read line by
line, acknowledge, track, look up, and meets the published refusals. Prints one line of JSON, `{"ok": true, ...}`; on the
first mismatch the line says what was wrong, and the exit code is 1. Both mailboxes are emptied first and left empty.

Called by the test command, in a virtual environment with `mesh-client` 5.0.2. Knows nothing of the hub's inside.
"""

import gzip
import io
import json
import sys
import time
import uuid
import warnings
from importlib.metadata import version

import requests
from mesh_client import MeshClient, MeshError

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


def main():
    if len(sys.argv) != 2:
        print("usage: mesh_client_trip.py http://HOST:PORT", file=sys.stderr)
        return 2
    start = time.monotonic()
    summary = {"client": f"mesh-client {version('mesh-client')}", "ok": True}
    try:
        trip(sys.argv[1].rstrip("/"))
    except (Mismatch, MeshError, requests.RequestException) as problem:
        summary.update(ok=False, problem=f"{type(problem).__name__}: {problem}")
    summary.update(done=done, seconds=round(time.monotonic() - start, 2))
    print(json.dumps(summary))
    return 0 if summary["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
