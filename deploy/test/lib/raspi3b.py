"""Runs the machine of deploy/test/raspi3b: qemu, the virtual board on its PL011, and the wires between them.

usage: raspi3b.py KERNEL DTB INITRD LOG

The machine's second serial line is its console. A line `wire power on` there is what a pin did; it goes to the board's control
socket. Everything is written to LOG, the checks are shown.
"""

import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile

KERNEL, DTB, INITRD, LOG = sys.argv[1:]
PROGRAM = os.environ["FLASHJIG_HOST"]
DATA = pathlib.Path(os.environ.get("FLASHJIG_DATA", "../shared/data"))


def main():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="flashjig-raspi3b-"))
    stock = DATA / "stock" / "N_Mirabella_I003632_plug_CB2S.bin"
    flash = ["--flash", str(stock)] if stock.exists() else []
    print(f"# the board's flash: {stock.name if flash else 'made up'}", flush=True)
    control, link = folder / "control", folder / "board"
    board = subprocess.Popen(
        [PROGRAM, "sim", "--chip", "n", "--control", control, "--link", link, "--speed", "8", *flash],
        stdout=subprocess.PIPE,
        text=True,
    )
    machine = None
    try:
        tty = board.stdout.readline().strip()
        wires = socket.socket(socket.AF_UNIX)
        wires.settimeout(5)
        wires.connect(str(control))
        answers = wires.makefile()
        machine = subprocess.Popen(
            ["qemu-system-aarch64", "-M", "raspi3b", "-kernel", KERNEL, "-dtb", DTB, "-initrd", INITRD]
            # the machine's time is that of its instructions, 8 ns each: where this machine is busy it takes longer, and no time limit
            # in it runs out while it does not run. One processor, for which that is exact
            + ["-icount", "shift=3", "-append", "console=ttyS1,115200 iomem=relaxed panic=-1 quiet maxcpus=1", "-display", "none", "-monitor", "none"]
            + ["-chardev", f"serial,id=board,path={tty}", "-serial", "chardev:board", "-serial", "stdio", "-no-reboot"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        with open(LOG, "w", encoding="utf-8") as log:
            for raw in machine.stdout:
                line = raw.decode("utf-8", "replace").replace("\r", "").rstrip("\n")
                if line.startswith("wire "):
                    wires.sendall(f"{line[5:]}\n".encode())
                    line += f": {answers.readline().strip()}"
                log.write(line + "\n")
                log.flush()
                if line.startswith(("ok ", "not ok ", "# ")):
                    print(line, flush=True)
        machine.wait()
    finally:
        if machine and machine.poll() is None:
            machine.kill()
            machine.wait()
        board.send_signal(signal.SIGTERM)
        board.wait()


main()
