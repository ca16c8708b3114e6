#!/usr/bin/env python3
"""forget.py SINCE USER…: takes the throwaway users out of this machine's wtmp and lastlog, and leaves the rest as it is.

Under the lock that every writer of wtmp takes; x86_64's layout (utmp(5)).
"""
import fcntl
import pwd
import re
import struct
import sys

ENTRY, LAST, DEAD = 384, 292, 8
CARD = re.compile(rb"[0-9a-f]{5,}-[a-z]+(-[a-z]+)*")


def text(field):
    return field.split(b"\0", 1)[0]


def forget_wtmp(users, since):
    with open("/var/log/wtmp", "r+b") as file:
        fcntl.lockf(file, fcntl.LOCK_EX)
        data = file.read()
        kept, begun, ours = [], set(), set()
        for at in range(0, len(data), ENTRY):
            entry = data[at : at + ENTRY]
            kind, pid, line, user, time = struct.unpack_from("<hxxi32s4x32s264xi", entry.ljust(ENTRY, b"\0"))
            key = (text(line), pid)
            if kind != DEAD:
                begun.add(key)
            if text(user) in users:
                ours.add(key)
            # an end names nobody; where its watcher was killed over the begin, there is the end alone
            elif not (kind == DEAD and (key in ours or (
                    key not in begun and time >= since and CARD.fullmatch(text(line))))):
                kept.append(entry)
        left = b"".join(kept)
        if left != data:
            file.seek(0)
            file.write(left)
            file.truncate()


def forget_lastlog(users, _):
    with open("/var/log/lastlog", "r+b") as file:
        for entry in pwd.getpwall():
            if entry.pw_name.encode() in users:
                file.seek(entry.pw_uid * LAST)
                if file.read(LAST).strip(b"\0"):
                    file.seek(entry.pw_uid * LAST)
                    file.write(bytes(LAST))


for forget in forget_wtmp, forget_lastlog:
    try:
        forget({name.encode() for name in sys.argv[2:]}, int(sys.argv[1]))
    except FileNotFoundError:
        pass
