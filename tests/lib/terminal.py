#!/usr/bin/env python3
"""terminal.py [-t SECONDS] COMMAND…: runs a command on a terminal of its own and talks to it.

The dialogue comes on standard input, one step a line:
    expect REGEX        waits until it appears in what was not yet consumed
    send TEXT           types TEXT and Enter
    key NAME            types one control character: C, D, Z, or a number
    pause SECONDS       for what shows no sign of having happened
    resize ROWS COLS    changes the window
    status N            the command must end, with this exit status
The transcript goes to standard output. Exit status 0 when every step held; 1 and the step otherwise.
"""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time

args = sys.argv[1:]
timeout = 10.0
if args[0] == "-t":
    timeout = float(args[1])
    args = args[2:]
steps = [line.rstrip("\n") for line in sys.stdin if line.strip() and not line.startswith("#")]

pid, master = pty.fork()
if pid == 0:
    # whoever runs the tests in the background ignores them
    for number in signal.SIGINT, signal.SIGQUIT:
        signal.signal(number, signal.SIG_DFL)
    os.execvp(args[0], args)


def resize(rows, cols):
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))


pending = ""


def pump(seconds):
    """Reads what is there; False at the end of the terminal."""
    global pending
    ready, _, _ = select.select([master], [], [], seconds)
    if not ready:
        return True
    try:
        data = os.read(master, 65536)
    except OSError:
        data = b""
    text = data.decode("utf-8", "replace")
    sys.stdout.write(text)
    sys.stdout.flush()
    pending += text
    return bool(data)


def stop(step, why):
    os.kill(pid, signal.SIGHUP)
    print(f"\npty: {why} at step: {step}")
    sys.exit(1)


ended = False
resize(24, 80)
for step in steps:
    verb, _, rest = step.partition(" ")
    if verb == "expect":
        deadline = time.monotonic() + timeout
        while True:
            found = re.search(rest, pending)
            if found:
                pending = pending[found.end():]
                break
            if ended or time.monotonic() > deadline:
                stop(step, "ended" if ended else "timed out")
            ended = not pump(0.1)
    elif verb == "send":
        os.write(master, (rest + "\r").encode())
    elif verb == "key":
        os.write(master, bytes([int(rest) if rest.isdigit() else ord(rest) & 0x1F]))
    elif verb == "pause":
        time.sleep(float(rest))
    elif verb == "resize":
        resize(*map(int, rest.split()))
    elif verb == "status":
        deadline = time.monotonic() + timeout
        while not ended and time.monotonic() < deadline:
            ended = not pump(0.1)
        if not ended:
            stop(step, "timed out")
        _, status = os.waitpid(pid, 0)
        pid = 0
        if os.waitstatus_to_exitcode(status) != int(rest):
            print(f"\npty: exit status {os.waitstatus_to_exitcode(status)} at step: {step}")
            sys.exit(1)
    else:
        stop(step, "unknown verb")
if pid:
    os.close(master)  # su(1) blocks signals: what hangs up is the terminal
    os.kill(pid, signal.SIGHUP)
    os.waitpid(pid, 0)
