#!/usr/bin/env python3
"""Memory and unit times of a station at full work, alone and with many listeners.

    cargo build --release && python3 tests/load/listeners.py [--program target/release/flashjig] [--minutes 4]

Eight virtual slots are kept busy. Phases without listeners take turns with phases in which 50 clients listen to
/api/v1/events, five of which never read what they get (and connect anew when the station cuts them off). Shown are the
resident memory of the daemon over time, and how long units took in each phase. It fails when the memory grows from phase
to phase, or when units are slower with listeners than without.
"""

import argparse
import selectors
import socket
import statistics
import sys

from station import phase, slower, station


class Listeners:
    """Clients of the events; the deaf ones ask and never read."""

    def __init__(self, host, port, hearing, deaf):
        self.address = (host, port)
        self.selector = selectors.DefaultSelector()
        self.bytes, self.cut, self.lost = 0, 0, 0
        self.deaf = []
        for _ in range(hearing):
            self.hear()
        for _ in range(deaf):
            self.deaf.append(self.connect(4096))

    def connect(self, buffer=None):
        client = socket.socket()
        if buffer:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        client.connect(self.address)
        client.sendall(b"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n")
        client.setblocking(False)
        return client

    def hear(self):
        self.selector.register(self.connect(), selectors.EVENT_READ)

    def turn(self, seconds):
        """Reads what comes, and puts clients that were cut off back."""
        for key, _ in self.selector.select(seconds):
            try:
                data = key.fileobj.recv(65536)
            except OSError:
                data = b""
            if data:
                self.bytes += len(data)
                continue
            self.lost += 1
            self.selector.unregister(key.fileobj)
            key.fileobj.close()
            self.hear()
        for i, client in enumerate(self.deaf):
            # a reset shows without reading
            if client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) or self.is_closed(client):
                client.close()
                self.cut += 1
                self.deaf[i] = self.connect(4096)

    @staticmethod
    def is_closed(client):
        # the station resets such a connection; TCP_INFO begins with the state; 1 is established (linux/tcp.h, net/tcp_states.h)
        return client.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] != 1

    def close(self):
        for key in list(self.selector.get_map().values()):
            key.fileobj.close()
        for client in self.deaf:
            client.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="target/release/flashjig")
    parser.add_argument("--minutes", type=float, default=2.0, help="of each phase")
    parser.add_argument("--rounds", type=int, default=2, help="pairs of phases")
    parser.add_argument("--slots", type=int, default=8)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--deaf", type=int, default=5)
    parser.add_argument("--speed", default="1")
    parser.add_argument("--slower", type=float, default=1.05, help="how much slower units may be with listeners")
    given = parser.parse_args()
    with station(given) as (daemon, port, base):
        # caches and allocator fill in the first units
        phase("warming up", daemon.pid, base, given.minutes * 60, None)
        alone, heard = [], []
        for turn in range(1, given.rounds + 1):
            alone.append(phase(f"alone {turn}", daemon.pid, base, given.minutes * 60, None))
            listeners = Listeners("127.0.0.1", port, given.clients - given.deaf, given.deaf)
            heard.append(phase(f"{given.clients} listeners {turn}", daemon.pid, base, given.minutes * 60, listeners))
            print(f"{'':<18} heard {listeners.bytes / 2**20:.1f} MiB; deaf ones cut off {listeners.cut} times; others {listeners.lost} times", flush=True)
            listeners.close()
    faults = []
    first, last = heard[0][0], heard[-1][0]
    if statistics.median(last) > statistics.median(first) * 1.1 + 2:
        faults.append(f"the memory grows: {statistics.median(first):.1f} MiB, then {statistics.median(last):.1f} MiB")
    faults += slower(alone, heard, given.slower, "with listeners")
    print("\n".join(faults) or "memory flat, no unit slower")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
