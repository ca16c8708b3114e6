#!/usr/bin/env python3
"""answer.py PORT TEXT: answers every connection to 127.0.0.1:PORT with TEXT.
answer.py PORT: connects there and prints the answer; exit status 1 when there is none.
With a path in the place of PORT: a unix socket, which everybody may open."""
import os
import socket
import sys

unix = "/" in sys.argv[1]
address = sys.argv[1] if unix else ("127.0.0.1", int(sys.argv[1]))
family = socket.AF_UNIX if unix else socket.AF_INET
if len(sys.argv) == 3:
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        if unix:
            os.chmod(address, 0o777)
        listener.listen()
        print("listening", flush=True)
        while True:
            peer, _ = listener.accept()
            with peer:
                try:
                    peer.sendall(sys.argv[2].encode())
                except OSError:
                    pass  # whoever asked has gone
try:
    with socket.socket(family) as peer:
        peer.settimeout(5)
        peer.connect(address)
        text = peer.makefile().read()
except OSError as error:
    sys.exit(f"answer.py: {error}")
print(text)
sys.exit(0 if text else 1)
