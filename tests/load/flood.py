#!/usr/bin/env python3
"""Unit times of a station alone, and while one peer asks for all that the page can give, as fast as it gives it.

    cargo build --release && python3 tests/load/flood.py [--program target/release/flashjig] [--minutes 2]

Phases alone take turns with phases under the flood: connections that ask in a pipeline for the panel's picture, the ledger,
its exports, the firmware and the description; as many that never end their head; as many listeners. It fails when
units take more than 1.1 times as long under the flood, when one does not pass, when somebody else waits more than two
seconds for /healthz or an order, or when the daemon does not end in time under the flood. The flood has the lowest priority
(nice 19): it stands for another machine, and must not take the processor from the virtual boards here.
"""

import argparse
import multiprocessing
import os
import selectors
import signal
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request

from station import phase, slower, station

PATHS = ["/api/v1/panel.png?scale=8"] * 6 + [
    "/api/v1/units?limit=1000", "/api/v1/units.csv", "/api/v1/units?q=zz", "/api/v1/firmware", "/api/v1/recipes",
    "/api/v1/openapi.json", "/api/v1/stats", "/api/v1/station", "/metrics", "/api/v1/status"]


def connect(port, text):
    client = socket.socket()
    client.setblocking(False)
    client.connect_ex(("127.0.0.1", port))
    return client, text


def flood(port, connections, told):
    """Asks and asks, and connects anew where the station has had enough."""
    os.nice(19)
    whole = "".join(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n" for path in PATHS).encode()
    kinds = [whole] * connections + [b"GET / HTTP/1.1\r\nHost: loc"] * connections
    kinds += [b"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n"] * connections
    selector = selectors.DefaultSelector()
    for text in kinds:
        client, text = connect(port, text)
        selector.register(client, selectors.EVENT_READ | selectors.EVENT_WRITE, text)
    while True:
        for key, ready in selector.select(1):
            client, text = key.fileobj, key.data
            try:
                if ready & selectors.EVENT_WRITE:
                    client.send(text)
                    if text is not whole:
                        # half a head is all that ever comes, and a listener asks once
                        selector.modify(client, selectors.EVENT_READ, text)
                if ready & selectors.EVENT_READ:
                    data = client.recv(1 << 20)
                    if not data:
                        raise ConnectionError
                    told.value += len(data)
            except BlockingIOError:
                continue
            except OSError:
                selector.unregister(client)
                client.close()
                fresh, text = connect(port, text)
                selector.register(fresh, selectors.EVENT_READ | selectors.EVENT_WRITE, text)


def waited(base):
    """How long somebody else waits for an answer and for an order, seconds."""
    begun = time.monotonic()
    request = urllib.request.Request(base + "/api/v1/slots/none/abort", method="POST")
    try:
        urllib.request.urlopen(base + "/healthz", timeout=30).close()
        urllib.request.urlopen(request, timeout=30).close()
    except urllib.error.HTTPError as error:
        assert error.code == 404, error
    except OSError:
        pass  # the time tells it
    return time.monotonic() - begun


class Flood:
    """A flood that also stops the time that others wait."""

    def __init__(self, base, port, connections):
        self.base, self.waits, self.next = base, [], 0.0
        self.bytes = multiprocessing.Value("Q", 0, lock=False)
        self.process = multiprocessing.Process(target=flood, args=(port, connections, self.bytes), daemon=True)
        self.process.start()

    def turn(self, seconds):
        if time.monotonic() >= self.next:
            self.waits.append(waited(self.base))
            self.next = time.monotonic() + 2
        time.sleep(seconds)

    def close(self):
        self.process.kill()
        self.process.join()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="target/release/flashjig")
    parser.add_argument("--minutes", type=float, default=2.0, help="of each phase")
    parser.add_argument("--rounds", type=int, default=2, help="pairs of phases")
    parser.add_argument("--slots", type=int, default=1)
    parser.add_argument("--connections", type=int, default=30, help="of each kind")
    parser.add_argument("--speed", default="1")
    parser.add_argument("--slower", type=float, default=1.1)
    parser.add_argument("--end", type=float, default=60.0, help="the daemon ends within, seconds")
    given = parser.parse_args()
    faults, alone, under, waits = [], [], [], []
    with station(given) as (daemon, port, base):
        for turn in range(1, given.rounds + 1):
            alone.append(phase(f"alone {turn}", daemon.pid, base, given.minutes * 60, None))
            storm = Flood(base, port, given.connections)
            under.append(phase(f"flood {turn}", daemon.pid, base, given.minutes * 60, storm))
            waits += storm.waits
            print(f"{'':<18} took {storm.bytes.value / 2**20:.1f} MiB; others waited {statistics.median(storm.waits):.3f} s, at most {max(storm.waits):.3f} s", flush=True)
            if turn < given.rounds:
                storm.close()
        begun = time.monotonic()
        daemon.send_signal(signal.SIGTERM)
        try:
            daemon.wait(given.end)
        except subprocess.TimeoutExpired:
            daemon.kill()
            faults.append(f"it did not end within {given.end:.0f} s")
        print(f"ended {time.monotonic() - begun:.1f} s after SIGTERM, under the flood", flush=True)
        storm.close()
    if max(waits) > 2:
        faults.append(f"others waited up to {max(waits):.1f} s")
    faults += slower(alone, under, given.slower, "under the flood")
    print("\n".join(faults) or "no unit slower, nobody kept waiting")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
