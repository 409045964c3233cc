"""The public surface of NHS England's `mesh-client`, and which of it was used.

Called by `mesh_client_trip.py`: `Ledger` watches which functions of the package run, and names the public ones that did
not. Public is what a user of the package can call without a leading underscore: functions and classes of its modules, and
methods, properties and special methods of those classes, inherited ones included. Knows nothing of any hub.
"""

import importlib
import inspect
import os
import sys

import mesh_client

FOLDER = os.path.dirname(mesh_client.__file__)
MODULES = ["mesh_client", "mesh_client.io_helpers", "mesh_client.key_helper", "mesh_client.mesh_auth", "mesh_client.types"]


def code_of(thing):
    """The code object behind a function, method or property, when it is the package's own."""
    if isinstance(thing, property):
        thing = thing.fget
    if isinstance(thing, (staticmethod, classmethod)):
        thing = thing.__func__
    code = getattr(inspect.unwrap(thing) if callable(thing) else thing, "__code__", None)
    return code if code is not None and code.co_filename.startswith(FOLDER) else None


def is_public(name):
    return not name.startswith("_") or (name.startswith("__") and name.endswith("__"))


def surface():
    """Every public function: its name, and the code that runs when it is called."""
    found = {}
    for module_name in MODULES:
        module = importlib.import_module(module_name)
        for name, thing in vars(module).items():
            if name.startswith("_"):
                continue
            if inspect.isclass(thing) and thing.__module__.startswith("mesh_client"):
                for base in reversed(thing.__mro__):
                    for member, value in vars(base).items():
                        code = code_of(value) if is_public(member) else None
                        if code is not None:
                            found[f"{module_name}.{name}.{member}"] = code
            elif code_of(thing) is not None:
                found[f"{module_name}.{name}"] = code_of(thing)
    return found


class Ledger:
    """Remembers which code of the package ran between `begin` and `end`."""

    def __init__(self):
        self.surface = surface()
        self.ran = set()

    def begin(self):
        def on_event(frame, event, _argument):
            if event == "call":
                self.ran.add(frame.f_code)

        sys.setprofile(on_event)

    def end(self):
        sys.setprofile(None)

    def unused(self):
        return sorted(name for name, code in self.surface.items() if code not in self.ran)
