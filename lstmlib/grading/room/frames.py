"""Messages between judge and room: one JSON object and any number of byte blobs, all sizes bounded.

Layout of a message, numbers big-endian: length of the JSON text (4 bytes), number of blobs (4), length of each blob
(8 each), the JSON text, the blobs. Nothing is ever unpickled.
"""

import json
import os
import socket
import struct
import time

LARGEST_TEXT = 16 * 2**20  # bytes of JSON
LARGEST_MESSAGE = 64 * 2**20  # bytes of JSON and blobs
MOST_BLOBS = 100_000
AT_ONCE = 2**16  # bytes: mostly all of a message


class WireError(Exception):
    """What came over the wire cannot be read, or what should go over it does not fit."""


class ClosedError(Exception):
    """The other side is gone."""


class LateError(Exception):
    """The other side did not answer in time."""


class Channel:
    """One end of a connected stream socket."""

    def __init__(self, connection: socket.socket):
        self.connection = connection
        self._come = bytearray()  # and not asked for yet

    def send(self, head, blobs=(), deadline=None):
        """Send a message.

        Parameters
        ----------
        head : dict
            Anything that JSON can hold.
        blobs : sequence of bytes-like
        deadline : float, optional
            In terms of ``time.monotonic()``.

        Raises
        ------
        WireError
            If the message is too large, or something has come that nobody had asked for.
        ClosedError, LateError
        """
        if self._come:  # each side waits for the other's answer: this would be taken for the next
            raise WireError("something came that nobody had asked for")
        text = json.dumps(head, separators=(",", ":")).encode()
        sizes = [memoryview(blob).nbytes for blob in blobs]
        _bound(len(text), sizes)
        message = b"".join((struct.pack(f">II{len(sizes)}Q", len(text), len(sizes), *sizes), text, *blobs))
        try:
            self._wait_until(deadline)
            self.connection.sendall(message)
        except TimeoutError:
            raise LateError from None
        except OSError as error:
            raise ClosedError(str(error)) from None

    def receive(self, deadline=None):
        """Wait for a message; return its head and its blobs.

        Raises
        ------
        WireError
            If it is malformed or too large. The channel is of no use after that.
        ClosedError, LateError
        """
        length, count = struct.unpack(">II", self._exactly(8, deadline))
        if count > MOST_BLOBS:
            raise WireError(f"expected at most {MOST_BLOBS} blobs in a message, got {count}")
        sizes = struct.unpack(f">{count}Q", self._exactly(8 * count, deadline))
        _bound(length, sizes)
        text = self._exactly(length, deadline)
        blobs = [self._exactly(size, deadline) for size in sizes]
        try:
            head = json.loads(text.decode())
        except (ValueError, RecursionError) as error:
            raise WireError(f"expected a JSON text: {error}") from None
        if not isinstance(head, dict):
            raise WireError(f"expected a JSON object, got {type(head).__name__}")
        return head, blobs

    def move(self, number):
        """Go on over another socket, of which this is the descriptor, and leave the present one."""
        os.dup2(number, self.connection.fileno(), inheritable=False)
        os.close(number)

    def close(self):
        self.connection.close()

    def _wait_until(self, deadline):
        if deadline is None:
            if self.connection.gettimeout() is not None:
                self.connection.settimeout(None)
            return
        left = deadline - time.monotonic()
        if left <= 0:
            raise LateError
        self.connection.settimeout(left)

    def _exactly(self, size, deadline):
        while len(self._come) < size:
            self._wait_until(deadline)
            try:
                part = self.connection.recv(AT_ONCE if size < AT_ONCE else 16 * AT_ONCE)
            except TimeoutError:
                raise LateError from None
            except OSError as error:
                raise ClosedError(str(error)) from None
            if not part:
                raise ClosedError("the connection has ended")
            self._come += part
        data = self._come[:size]
        del self._come[:size]
        return data


def _bound(length, sizes):
    total = length + sum(sizes)
    if length > LARGEST_TEXT or total > LARGEST_MESSAGE:
        raise WireError(
            f"expected a message of at most {LARGEST_MESSAGE} bytes with at most {LARGEST_TEXT} of text, "
            f"got {total} with {length}"
        )
