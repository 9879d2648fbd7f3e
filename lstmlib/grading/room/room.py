"""The process that holds a student's state: it runs the student's cells, and makes forks of itself to be judged.

Nothing in here is trusted by the judge: the student's code shares this process and could change all of it. A fork
answers the requests of one test cell: look up a name, call a function, read an attribute.
"""

import builtins
import contextlib
import gc
import inspect
import os
import pathlib
import random
import signal
import socket
import sys
import types
import warnings

import numpy as np

from . import changes
from .describing import describe, describe_error
from .forks import fork
from .frames import ClosedError, WireError
from .isolation import end_with_parent
from .onward import go_on
from .operations import SPECIAL
from .outputs import Outputs
from .reading import Reader
from .writing import Writer


class Borrowed:
    """An object of the judge's. It can be called, and its public attributes can be read; all happens over there.

    Its attributes cannot be set: what a student's function put into this stand-in, no test would ever see.
    """

    def __init__(self, room, key, name):
        self.__dict__.update(_room=room, _key=key, __name__=name)

    def __call__(self, *arguments, **named):
        return self._room.ask({"callback": "call", "key": self._key}, arguments, named)

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        return self._room.ask({"callback": "get", "key": self._key, "name": name}, (), {})

    def __setattr__(self, name, value):
        raise AttributeError(
            f"{self.__name__} is an object of the grader: it can be called and its attributes can be read here, "
            f"but {name} cannot be set"
        )

    def __delattr__(self, name):
        raise AttributeError(f"{self.__name__} is an object of the grader: {name} cannot be deleted here")

    def __repr__(self):
        return f"<{self.__name__}, an object of the grader>"


class Room:
    """One process of the student's.

    Parameters
    ----------
    channel : Channel
        To the judge.
    doors : socket.socket
        Over which the judge sends the channel of each fork.
    shell : Shell or Plain
    """

    def __init__(self, channel, doors, shell):
        self.channel, self.doors, self.shell = channel, doors, shell
        self._lent = {}  # key to object of the student's
        self._keys = {}  # id of such an object to its key
        self._forks = {}  # name to process id

    def serve(self):
        """Answer requests until the judge closes the channel."""
        while True:
            try:
                head, blobs = self.channel.receive()
            except ClosedError:
                return
            self._answer(head, blobs)

    def _answer(self, head, blobs):
        reader = Reader(blobs, self._resolve)
        writer = Writer(self._export)
        outputs = Outputs()
        try:
            with self.shell.captured(outputs):
                reply, writer = getattr(self, f"_do_{head['do']}")(head, reader)
        except BaseException as error:  # the student's code may raise anything at all
            reply = {"error": describe_error(error)}
        reply["printed"] = "".join(output.get("text", "") for output in outputs.listed)[:10_000]
        try:
            self.channel.send(reply, writer.blobs)
        except WireError as error:
            self.channel.send({"error": describe_error(error)})

    # What the judge asks of the process that runs the cells

    def _do_run(self, head, reader):
        outputs, success = self.shell.show(head["source"], brief=head.get("brief", False))
        if not success:
            go_on(self.shell, head["source"])
        return {"outputs": outputs}, Writer(self._export)

    def _do_seed(self, head, reader):
        random.seed(head["seed"])
        np.random.seed(head["seed"])
        return {}, Writer(self._export)

    def _do_files(self, head, reader):
        for name, content in zip(head["names"], reader.blobs, strict=True):
            path = pathlib.Path(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return {}, Writer(self._export)

    def _do_fork(self, head, reader):
        _, (door,), _, _ = socket.recv_fds(self.doors, 1, 1)
        child = fork()
        if child == 0:
            if os.getppid() != 1:  # or else it ends with the first process of its namespace, and need not ask for it
                end_with_parent()
            self.channel.move(door)
            self.doors.close()
            self._forks.clear()
            try:
                self.serve()
            finally:
                os._exit(0)
        os.close(door)
        self._forks[head["name"]] = child
        return {}, Writer(self._export)

    def _do_reap(self, head, reader):
        child = self._forks.pop(head["name"], None)
        if child is not None:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        return {}, Writer(self._export)

    # What the judge asks of a fork

    def _do_lookup(self, head, reader):
        name = head["name"]
        if name not in self.shell.user_ns:
            return {"missing": True}, Writer(self._export)
        return self._result(self.shell.user_ns[name], reader)

    def _do_bind(self, head, reader):
        self.shell.user_ns[head["name"]] = reader.value(head["value"])
        return {}, Writer(self._export)

    def _do_unbind(self, head, reader):
        self.shell.user_ns.pop(head["name"], None)
        return {}, Writer(self._export)

    def _do_call(self, head, reader):
        return self._apply(self._lent[head["key"]], head, reader)

    def _do_get(self, head, reader):
        return self._result(getattr(self._lent[head["key"]], head["name"]), reader)

    def _do_set(self, head, reader):
        setattr(self._lent[head["key"]], head["name"], reader.value(head["value"]))
        return {}, Writer(self._export)

    def _do_special(self, head, reader):
        return self._apply(SPECIAL[head["name"]], head, reader)

    def _do_array(self, head, reader):
        return self._result(np.asarray(self._lent[head["key"]]), reader)

    def _do_signature(self, head, reader):
        parameters = inspect.signature(self._lent[head["key"]]).parameters.values()
        listed = [(each.name, int(each.kind), each.default is not each.empty) for each in parameters]
        defaults = [None if each.default is each.empty else each.default for each in parameters]
        return self._result((listed, defaults), reader)

    def _apply(self, function, head, reader):
        arguments = reader.values(head["arguments"])
        named = {name: reader.value(node) for name, node in head.get("named", {}).items()}
        before = changes.snapshot(reader.table)
        try:
            with _quiet() if head.get("quiet") else contextlib.nullcontext():
                value = function(*arguments, **named)
        except BaseException as error:
            writer = Writer(self._export, reader.table)
            return {"error": describe_error(error), "changed": changes.changed(before, writer)}, writer
        if inspect.iscoroutine(value):
            value.close()
        return self._result(value, reader, before)

    def _result(self, value, reader, before=None):
        writer = Writer(self._export, reader.table)
        try:
            reply = {"value": writer.node(value)}
        except WireError as error:
            raise WireError(f"{error}, so it cannot be compared") from None
        reply["changed"] = changes.changed(before or {}, writer)
        return reply, writer

    # Objects that are not data

    def ask(self, question, arguments, named):
        """Ask the judge to do something with an object of its own, and wait for the answer."""
        writer = Writer(self._export)
        question["arguments"] = writer.nodes(arguments, 0)
        question["named"] = {name: writer.node(value) for name, value in named.items()}
        self.channel.send(question, writer.blobs)
        head, blobs = self.channel.receive()
        while "do" in head:  # what was called over there calls something of ours
            self._answer(head, blobs)
            head, blobs = self.channel.receive()
        reader = Reader(blobs, self._resolve, writer.table)
        changes.apply(head.get("changed", []), reader)
        if "error" in head:
            kind = getattr(builtins, head["error"]["name"], RuntimeError)
            raise (kind if issubclass(kind, Exception) else RuntimeError)(head["error"]["message"])
        return reader.value(head["value"])

    def _export(self, value, writer):
        if isinstance(value, Borrowed):
            return ["yours", value._key]
        if isinstance(value, types.ModuleType):
            return ["module", value.__name__]
        key = self._keys.get(id(value))
        if key is None:
            key = self._keys[id(value)] = len(self._lent)
            self._lent[key] = value
        return ["remote", key, describe(value, self.shell.user_ns)]

    def _resolve(self, node, reader):
        if node[0] == "mine":
            return self._lent[node[1]]
        if node[0] == "borrowed":
            return Borrowed(self, node[1], node[2])
        raise WireError(f"there is no value with the tag {node[0]!r}")


@contextlib.contextmanager
def _quiet():
    """No warnings, of Python or of NumPy, whatever a cell has made of them."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


def live(channel, doors, shell):
    """Serve until the judge is gone; never returns."""
    gc.freeze()  # what a fork does not touch stays shared
    sys.modules["__main__"] = shell.user_module
    channel.send({"ready": True})
    Room(channel, doors, shell).serve()
    os._exit(0)
