#!/usr/bin/env python3
"""userns.py COMMAND…: runs it in a user namespace whose ids are the host's, where no further one can be made."""
import ctypes
import os
import sys

CLONE_NEWNS, CLONE_NEWUSER = 0x00020000, 0x10000000
entered, mapped = os.pipe(), os.pipe()
pid = os.fork()
if pid == 0:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWUSER) != 0:
        sys.exit(f"userns.py: {os.strerror(ctypes.get_errno())}")
    os.write(entered[1], b".")
    os.read(mapped[0], 1)
    os.setgroups([])
    os.setresgid(0, 0, 0)
    os.setresuid(0, 0, 0)
    if libc.unshare(CLONE_NEWNS) != 0:
        sys.exit(f"userns.py: {os.strerror(ctypes.get_errno())}")
    with open("/proc/sys/user/max_user_namespaces", "w", encoding="ascii") as limit:
        limit.write("0")
    os.execvp(sys.argv[1], sys.argv[1:])
os.close(entered[1])
os.read(entered[0], 1)
for name in ("uid_map", "gid_map"):
    with open(f"/proc/{pid}/{name}", "w", encoding="ascii") as ids:
        ids.write("0 0 4294967295")
os.write(mapped[1], b".")
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) % 256)
