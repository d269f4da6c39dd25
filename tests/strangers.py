"""Drives the virtual board with flashing tools that know nothing of it.

usage: strangers.py TOOL PORT CHIP READ_TO APP_FILE [BAUD]

TOOL is `bk7231tools`, `ltchiptool` or `hid` (hid_download_py; its checkout in FLASHJIG_HID_DOWNLOAD). Reads the whole
flash of 2 MiB to READ_TO, then writes APP_FILE at 0x11000; the last line that it prints is the seconds of each step.
Their command lines reset the board by DTR and RTS, which a PTY does not have (ENOTTY), so the library calls behind them
are used, with the checks that are on by default there.
"""

import io
import json
import os
import sys
import time

SIZE = 0x200000
APP = 0x11000
# when each step was done
laps = []


def lap(name):
    laps.append((name, time.monotonic()))


def bk7231tools(port, chip, read_to, app, baud):
    from bk7231tools.serial import BK7231Serial

    lap("import")
    bk = BK7231Serial(port=port, baudrate=baud, link_baudrate=115200)
    bk.connect()
    assert chip.upper() in bk.chip_type.name, f"connected to {bk.chip_type}, expected {chip}"
    lap("connect")
    # its own CRC after every 4 KiB
    with open(read_to, "wb") as file:
        for block in bk.flash_read(start=0, length=SIZE, crc_check=True):
            file.write(block)
    lap("read")
    for _ in bk.program_flash(io.BytesIO(app), len(app), APP, crc_check=True):
        pass
    lap("write")
    bk.close()


def ltchiptool(port, chip, read_to, app, baud):
    from ltchiptool import Family, SocInterface
    from ltchiptool.util.flash import FlashConnection
    from ltchiptool.util.streams import ProgressCallback

    lap("import")
    soc = SocInterface.get(Family.get(chip if chip.startswith("bk") else f"bk7231{chip}"))
    soc.flash_set_connection(FlashConnection(port, baudrate=baud))
    info = dict(soc.flash_get_chip_info())
    assert chip.upper() in info["Chip Type"], info
    assert info["Flash Size (detected)"] == "2 MiB" or info.get("Flash Size (by ID)") == "2 MiB", info
    # it looks for the MAC of a 7238 where OpenBeken's copy is, which a stock board has not
    assert chip == "bk7238" or info["MAC Address"].startswith("18:DE:50"), "MAC not found"
    lap("connect")
    with open(read_to, "wb") as file:
        for block in soc.flash_read_raw(0, SIZE, verify=True):
            file.write(block)
    lap("read")
    soc.flash_write_raw(APP, len(app), io.BytesIO(app), verify=True, callback=ProgressCallback())
    lap("write")
    soc.flash_disconnect()


def hid(port, chip, read_to, app, baud):
    sys.path.insert(0, os.environ["FLASHJIG_HID_DOWNLOAD"])
    from bkutils import UartDownloader

    class Downloader(UartDownloader):
        def do_reset_signal(self):
            pass  # DTR and RTS: ENOTTY on a PTY

        def log(self, text):
            self.said = getattr(self, "said", []) + [str(text)]

    def fresh():
        # `-u` on the N only, as its manual says
        downloader = Downloader(port, baud, chip != "t")
        # its 50 ms for the reply to a written sector count from when the system took the bytes, not from when they
        # left; a PTY takes all of them at once
        start = downloader.bootItf.Start_Cmd
        downloader.bootItf.Start_Cmd = lambda tx, rx=0, timeout=0.05: start(
            tx, rx, timeout if timeout == 0.001 else max(timeout, 2)
        )
        return downloader

    downloader = fresh()
    if chip == "t":
        # the boot area of a T is refused at its own address and read through the wrap
        downloader.read(read_to, SIZE, SIZE)
    else:
        downloader.read(read_to, 0, SIZE)
    # its CRC after a read counts one byte too many on a ROM (end exclusive): "failed" there, for good data
    assert os.path.getsize(read_to) == SIZE, downloader.said[-3:]
    downloader.bootItf.ser.close()

    path = read_to + ".app"
    # its padding appends 256 bytes to an aligned file: leave it a tail to fill up
    with open(path, "wb") as file:
        file.write(app)
    downloader = fresh()
    downloader.programm(path, APP)
    assert "Write Successful" in downloader.said, downloader.said[-3:]
    downloader.bootItf.ser.close()


def main():
    tool, port, chip, read_to, app_file = sys.argv[1:6]
    baud = int(sys.argv[6]) if len(sys.argv) > 6 else 921600
    with open(app_file, "rb") as file:
        app = file.read()
    began = time.monotonic()
    {"bk7231tools": bk7231tools, "ltchiptool": ltchiptool, "hid": hid}[tool](port, chip, read_to, app, baud)
    print(f"{tool} on {chip}: {time.monotonic() - began:.1f} s")
    starts = [began] + [at for _, at in laps]
    print(json.dumps({name: round(at - start, 3) for start, (name, at) in zip(starts, laps)}))


main()
