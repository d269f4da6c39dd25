"""A station at work on its virtual bench, and what is measured of it."""

import contextlib
import json
import os
import signal
import socket
import statistics
import subprocess
import tempfile
import time
import urllib.request
from datetime import datetime, timezone

PAGE = os.sysconf("SC_PAGE_SIZE")


def resident_mib(pid):
    with open(f"/proc/{pid}/statm") as file:
        return int(file.read().split()[1]) * PAGE / 2**20


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    # utime and stime, fields 14 and 15 of proc(5)
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def get(base, path):
    with urllib.request.urlopen(base + path, timeout=30) as answer:
        return json.load(answer)


def phase(name, pid, base, seconds, listeners):
    begun, samples, next_sample, cpu = time.monotonic(), [], 0.0, cpu_seconds(pid)
    since = datetime.now(timezone.utc)
    while (spent := time.monotonic() - begun) < seconds:
        if spent >= next_sample:
            samples.append(resident_mib(pid))
            next_sample += 5
        if listeners:
            listeners.turn(0.25)
        else:
            time.sleep(0.25)
    stamp = since.strftime("%Y-%m-%dT%H:%M:%SZ")
    units = get(base, f"/api/v1/units?limit=1000&since={stamp}")
    # only units that lie wholly in the phase
    whole = [u for u in units if u["started"] >= stamp]
    times = {}
    for unit in (u for u in whole if u["verdict"] == "pass"):
        last = unit["stages"][-1]
        times.setdefault(unit["board"]["chip"], []).append((last["start_ms"] + last["ms"]) / 1000)
    bad = [u["seq"] for u in whole if u["verdict"] != "pass"]
    middle = {chip: statistics.median(of) for chip, of in sorted(times.items())}
    told = ", ".join(f"{chip} {middle[chip]:.2f} s ({len(times[chip])} units)" for chip in middle)
    load, cpu = os.getloadavg()[0], (cpu_seconds(pid) - cpu) / seconds
    print(f"{name:<18} RSS {samples[0]:6.1f} to {samples[-1]:6.1f} MiB, most {max(samples):6.1f}; {cpu:.0%} of a core; half of those that passed within: {told}; "
          f"not passed: {bad or 'none'}; load {load:.1f}", flush=True)
    return samples, middle


def slower(alone, other, limit, what):
    """What is wrong with the units of the phases `other`, beside those of the phases alone."""
    faults = []
    if any(not of for _, of in alone + other):
        faults.append("no unit passed in one of the phases: give longer phases")
    for chip in set().union(*(of for _, of in alone)) & set().union(*(of for _, of in other)):
        without = statistics.mean(of[chip] for _, of in alone if chip in of)
        with_it = statistics.mean(of[chip] for _, of in other if chip in of)
        print(f"{chip}: {without:.2f} s alone, {with_it:.2f} s {what}: {with_it / without:.3f}")
        if with_it > without * limit:
            faults.append(f"{chip} is slower {what}: {with_it / without:.2f} times")
    return faults


@contextlib.contextmanager
def station(given):
    """The demo that was asked for, from its first answer to its end: its process, port and address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    base = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as folder:
        command = [given.program, "demo", "--slots", str(given.slots), "--speed", given.speed, "--listen", f"127.0.0.1:{port}", "--data-dir", folder]
        daemon = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            for _ in range(100):
                try:
                    urllib.request.urlopen(base + "/healthz", timeout=5).close()
                    break
                except OSError:
                    time.sleep(0.1)
            else:
                raise SystemExit(f"{base}/healthz: expected an answer within 10 s of the start, found none")
            yield daemon, port, base
        finally:
            if daemon.poll() is None:
                daemon.send_signal(signal.SIGTERM)
            daemon.wait()
