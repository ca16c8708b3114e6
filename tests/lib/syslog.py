#!/usr/bin/env python3
"""syslog.py SOCKET FILE: a syslog for machines without one. Appends each datagram as a line."""
import os
import re
import socket
import sys

path, log = sys.argv[1:]
listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.bind(path)
os.chmod(path, 0o666)
out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
while True:
    text = listener.recv(65536).decode("utf-8", "backslashreplace")
    text = re.sub(r"^<\d+>", "", text).rstrip("\n\0").replace("\n", "#012")
    os.write(out, (text + "\n").encode())
