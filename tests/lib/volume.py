#!/usr/bin/env python3
"""volume.py NAME DEVICE [crypt]: a volume of the device mapper that is all of DEVICE, plain or encrypted; prints its node.

volume.py NAME: removes it.  For machines without dmsetup (linux/dm-ioctl.h).
"""
import fcntl
import os
import struct
import sys

CREATE, REMOVE, RESUME, LOAD = 3, 4, 6, 9
SIZE = 16384


def ask(control, command, name, uuid="", payload=b"", targets=0):
    head = struct.pack("=3IIIIiIIIQ128s129s7x", 4, 0, 0, SIZE, 312, targets, 0, 0, 0, 0, 0, name.encode(), uuid.encode())
    answer = bytearray((head + payload).ljust(SIZE, b"\0"))
    fcntl.ioctl(control, 3 << 30 | 312 << 16 | 0xFD << 8 | command, answer)
    return struct.unpack_from("=Q", answer, 40)[0]


def main():
    name = sys.argv[1]
    with open("/dev/mapper/control", "rb+", buffering=0) as control:
        if len(sys.argv) == 2:
            ask(control, REMOVE, name)
            return
        device, crypt = sys.argv[2], len(sys.argv) > 3
        with open(device, "rb") as disk:
            sectors = disk.seek(0, os.SEEK_END) // 512
        if crypt:
            kind, table = b"crypt", f"aes-xts-plain64 {'5a' * 16}{'a5' * 16} 0 {device} 0"
        else:
            kind, table = b"linear", f"{device} 0"
        text = table.encode() + b"\0"
        target = struct.pack("=QQiI16s", 0, sectors, 0, 0, kind) + text + b"\0" * (-len(text) % 8)
        number = ask(control, CREATE, name, ("CRYPT-PLAIN-" if crypt else "LVM-") + name)
        ask(control, LOAD, name, payload=target, targets=1)
        ask(control, RESUME, name)
        print(f"/dev/dm-{os.minor(number)}")


main()
