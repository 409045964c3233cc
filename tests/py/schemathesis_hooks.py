"""Helps `schemathesis` past the door of a hub in its sandbox set-up: generated requests get identifiers that exist and MESH
tokens that are good, but not all of them, so that refusals are seen too.

Named by SCHEMATHESIS_HOOKS in `schemathesis_run.py`; schemathesis imports it. Never changes a body, and never an answer.
"""

import hashlib
import hmac
import json
import random
import threading
import uuid
from datetime import datetime, timezone

import schemathesis

KEY, PASSWORD = b"TestKey", "password"
MAILBOXES = ["X26ABC1", "X26ABC2", "X26ABC3"]
PATIENTS = ["9000000009", "9000000025", "9000000033"]
# Of ten requests this many get what the hub knows; the others keep what was generated.
KNOWN_OF_TEN = 8
# Message ids and the like that the hub has given out, by the name of the parameter that takes them.
KEPT_MAX = 50

BOUNDARY = "part"

chance = random.Random(42)
lock = threading.Lock()
seen = {"message_id": [], "etag": {}}


def known():
    return chance.randrange(10) < KNOWN_OF_TEN


def mesh_token(mailbox):
    """The published MESH authorisation header, each with a nonce of its own."""
    now = datetime.now(timezone.utc).strftime("%Y%m%d%H%M")
    nonce = str(uuid.uuid4())
    text = f"{mailbox}:{nonce}:0:{PASSWORD}:{now}"
    return f"NHSMESH {mailbox}:{nonce}:0:{now}:{hmac.new(KEY, text.encode(), hashlib.sha256).hexdigest()}"


def simple(name):
    return name.lower().replace("-", "").replace("_", "")


def better(path, name, value):
    """A value that the hub knows for a path parameter, or the generated one."""
    name = simple(name)
    if "mailbox" in name:
        return chance.choice(MAILBOXES)
    if "messageexchange" in path and "message" in name:
        return chance.choice(seen["message_id"] or [value])
    if "nhsnumber" in name or ("personal-demographics" in path and name == "id"):
        return chance.choice(PATIENTS)
    return value


@schemathesis.serializer("multipart/related")
def related(context, value):
    """What was generated, as the payload of a message without an envelope."""
    text = value if isinstance(value, bytes) else json.dumps(value, default=str).encode()
    head = f"--{BOUNDARY}\r\nContent-Id: <a>\r\nContent-Type: text/xml\r\n\r\n<a>".encode()
    return head + text + f"</a>\r\n--{BOUNDARY}--\r\n".encode()


@schemathesis.hook
def before_call(context, case, kwargs):
    with lock:
        path = case.operation.path
        for name, value in list((case.path_parameters or {}).items()):
            if known():
                case.path_parameters[name] = better(path, name, value)
        headers = case.headers
        if "/outbox" in path:
            # Bodies are not packed; said to be, they would be handed to the recipient as gzip, which no client can read.
            headers.pop("Content-Encoding", None)
        if not known():
            return
        if path.startswith("/messageexchange/"):
            mailbox = (case.path_parameters or {}).get(mailbox_parameter(case), MAILBOXES[0])
            if str(mailbox).isalnum() and str(mailbox).isascii():
                headers["Authorization"] = mesh_token(mailbox)
            if path.endswith("/outbox"):
                headers["Mex-To"] = chance.choice(MAILBOXES)
                headers["Mex-WorkflowID"] = "SPINEBENCH"
        if case.media_type == "multipart/related":
            headers["Content-Type"] = f'multipart/related; boundary="{BOUNDARY}"'
            headers["SOAPAction"] = '"urn:nhs:names:services:gp2gp/RCMR_IN010000UK05"'
        if case.method.upper() == "PATCH":
            number = next(iter((case.path_parameters or {}).values()), "")
            headers["If-Match"] = seen["etag"].get(number, 'W/"2"')


def mailbox_parameter(case):
    return next((name for name in case.path_parameters or {} if "mailbox" in simple(name)), "")


@schemathesis.hook
def after_call(context, case, response):
    with lock:
        number = next(iter((case.path_parameters or {}).values()), "")
        for etag in response.headers.get("etag") or []:
            seen["etag"][number] = etag
        if case.method.upper() == "POST" and response.status_code == 202:
            try:
                body = json.loads(response.content)
            except ValueError:
                return
            if isinstance(body, dict) and (given := body.get("message_id") or body.get("messageID")):
                seen["message_id"] = (seen["message_id"] + [given])[-KEPT_MAX:]
