#!/usr/bin/env python3
"""answer.py PORT TEXT: answers every connection to 127.0.0.1:PORT with TEXT.
answer.py PORT: connects there and prints the answer; exit status 1 when there is none."""
import socket
import sys

port = int(sys.argv[1])
if len(sys.argv) == 3:
    with socket.create_server(("127.0.0.1", port)) as listener:
        print("listening", flush=True)
        while True:
            peer, _ = listener.accept()
            with peer:
                try:
                    peer.sendall(sys.argv[2].encode())
                except OSError:
                    pass  # whoever asked has gone
try:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as peer:
        text = peer.makefile().read()
except OSError as error:
    sys.exit(f"answer.py: {error}")
print(text)
sys.exit(0 if text else 1)
