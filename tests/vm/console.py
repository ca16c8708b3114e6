#!/usr/bin/env python3
"""console.py SOCKET SECONDS (EXPECT SEND)…: speaks with a serial console: waits for the text EXPECT, sends SEND and a
line end, and so on; an EXPECT alone at the end is waited for. Prints what came after the last SEND."""
import re
import socket
import sys
import time

path, seconds, words = sys.argv[1], float(sys.argv[2]), sys.argv[3:]
deadline = time.monotonic() + seconds
with socket.socket(socket.AF_UNIX) as peer:
    peer.connect(path)
    peer.settimeout(1)
    # what was said before somebody listened is gone: a line end brings the prompt again
    peer.sendall(b"\r")
    seen = b""
    while words:
        expect = words.pop(0).encode()
        while expect not in seen:
            if time.monotonic() > deadline:
                sys.exit(f"console.py: no {expect!r} in {seen[-1000:]!r}")
            try:
                more = peer.recv(4096)
            except TimeoutError:
                continue
            if not more:
                sys.exit("console.py: the machine is gone")
            seen += more
        if words:
            seen = b""
            # what is typed before the other side has set its terminal up is lost
            time.sleep(0.5)
            peer.sendall(words.pop(0).encode() + b"\r")
    # without what steers a terminal
    print(re.sub(r"\r|\x1b\[[0-9;?]*[a-zA-Z]", "", seen.decode(errors="replace")))
