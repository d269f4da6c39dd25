"""Runs the machine of deploy/test/raspi3b: qemu, the virtual board on its PL011, and the wires between them.

usage: raspi3b.py KERNEL DTB INITRD LOG

The machine's second serial line is its console. A line `wire power on` there is what a pin did; it goes to the board's control
socket. `jumper on` takes the board out and joins TX and RX of the nest, `jumper off` undoes it. Everything is written to LOG, the
checks are shown.
"""

import errno
import os
import pathlib
import select
import signal
import socket
import subprocess
import sys
import tempfile
import termios
import threading
import tty

KERNEL, DTB, INITRD, LOG = sys.argv[1:]
PROGRAM = os.environ["FLASHJIG_HOST"]
DATA = pathlib.Path(os.environ.get("FLASHJIG_DATA", "../shared/data"))


class Nest:
    """The wires between the PL011 and what is in the nest: the board, or a jumper."""

    def __init__(self, board):
        self.jumper = False
        self.machine, machine = os.openpty()
        tty.setraw(machine)
        self.name = os.ttyname(machine)
        self._open = machine
        self.board = os.open(board, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self.board)
        self._speed = None
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        # nothing here may wait for the machine: qemu writes to its port until all is taken, and reads nothing meanwhile
        waiting = {self.machine: b"", self.board: b""}
        for end in waiting:
            os.set_blocking(end, False)
        while True:
            full = [end for end, some in waiting.items() if some]
            ready, free, _ = select.select([self.machine, self.board], full, [])
            # a PTY has no rate of its own: what one end is set to, the other end's program must see
            speed = termios.tcgetattr(self.machine)[4:6]
            if speed != self._speed:
                mode = termios.tcgetattr(self.board)
                mode[4:6] = self._speed = speed
                termios.tcsetattr(self.board, termios.TCSANOW, mode)
            try:
                for end in free:
                    waiting[end] = waiting[end][os.write(end, waiting[end]) :]
                for end in ready:
                    some = os.read(end, 4096)
                    if self.jumper:
                        waiting[self.machine] += some if end == self.machine else b""
                    else:
                        waiting[self.board if end == self.machine else self.machine] += some
            except BlockingIOError:
                pass
            except OSError as error:
                if error.errno == errno.EIO:
                    return
                raise


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
        nest = Nest(board.stdout.readline().strip())
        wires = socket.socket(socket.AF_UNIX)
        wires.settimeout(5)
        wires.connect(str(control))
        answers = wires.makefile()
        machine = subprocess.Popen(
            ["qemu-system-aarch64", "-M", "raspi3b", "-kernel", KERNEL, "-dtb", DTB, "-initrd", INITRD]
            # the machine's time is that of its instructions, 8 ns each: where this machine is busy it takes longer, and no time limit
            # in it runs out while it does not run. One processor, for which that is exact
            + ["-icount", "shift=3", "-append", "console=ttyS1,115200 iomem=relaxed panic=-1 quiet maxcpus=1", "-display", "none", "-monitor", "none"]
            + ["-chardev", f"serial,id=board,path={nest.name}", "-serial", "chardev:board", "-serial", "stdio", "-no-reboot"],
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
                elif line.startswith("jumper "):
                    nest.jumper = line == "jumper on"
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
