#!/bin/bash
# Forwardings begin and end in the session's own network, and several sessions on one connection share
# one container.
. "$(dirname "$0")/../lib/fixture.sh"
fixture_start
conf_write <<END
[default]
network = none
END
sshd_start
answer=$P/bin/answer.py

# free_port: one that nobody listens on now
free_port()
{
	python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

host_port=$(free_port)
python3 "$answer" "$host_port" "from the host" >"$P/private/host" 8<&- &
host_listener=$!
eventually 5 test -s "$P/private/host"
is "the host's listener answers on the host" "$(python3 "$answer" "$host_port")" "from the host"

is "inside, the network is loopback alone" \
	"$(box ctest1 "tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' '" </dev/null)" lo
is "inside, loopback works" \
	"$(box ctest1 "python3 $answer 7000 hello >/dev/null 2>&1 & sleep 0.5; python3 $answer 7000; kill \$!" </dev/null)" hello
fails "inside, the host's listener is out of reach" box ctest1 "python3 $answer $host_port"

# --- -L and -R --------------------------------------------------------------------------------
in_port=$(free_port) through=$(free_port) blocked=$(free_port)
SSH_OPTIONS=(-L "$through:127.0.0.1:7001" -L "$blocked:127.0.0.1:$host_port" -R "7002:127.0.0.1:$host_port")
hold ctest1 "exec python3 $answer 7001 \"inside \$HOSTNAME\"" || not_ok "a login with -L and -R" "$(cat "$HOLD_LOG")"
SSH_OPTIONS=()
eventually 5 grep -q listening "$HOLD_LOG"
is "-L reaches a listener inside the session" "$(python3 "$answer" "$through" 2>&1)" "inside $HELD"
fails "-L does not reach the host's listener" python3 "$answer" "$blocked"
fails "-R is no listener on the host" python3 "$answer" 7002
release
leftovers_sessions "a login with forwardings leaves nothing"

SSH_OPTIONS=(-R "7002:127.0.0.1:$host_port")
is "-R is a listener inside, and leads back to the client" \
	"$(box ctest1 "python3 $answer 7002" </dev/null 2>&1)" "from the host"
SSH_OPTIONS=(-L "$in_port:127.0.0.1:7003" -N)
ssh -F "$SSH_CONFIG" "${SSH_OPTIONS[@]}" -n ctest1@box 2>"$P/private/n" 8<&- &
pid=$!
eventually 5 python3 -c "import socket; socket.create_connection(('127.0.0.1', $in_port))"
fails "-N alone forwards into an empty network" python3 "$answer" "$in_port"
kill "$pid"
wait "$pid" 2>/dev/null
SSH_OPTIONS=()

# --- agent ------------------------------------------------------------------------------------
eval "$(ssh-agent -s 8<&-)" >/dev/null
ssh-add -q "$P/ssh/id"
fingerprint=$(ssh-keygen -lf "$P/ssh/id.pub" | cut -d' ' -f2)
SSH_OPTIONS=(-A -o "IdentityAgent=$SSH_AUTH_SOCK")
contains "the forwarded agent is there" "$(box ctest1 ssh-add -l </dev/null 2>&1)" "$fingerprint"
is "the agent's socket lies in the session's own /tmp" \
	"$(box ctest1 'case $SSH_AUTH_SOCK in /tmp/*) test -S "$SSH_AUTH_SOCK" && echo yes;; esac' </dev/null)" yes
SSH_OPTIONS=()
kill "$SSH_AGENT_PID"
unset SSH_AUTH_SOCK SSH_AGENT_PID

# --- several sessions on one connection ---------------------------------------------------------
control=$P/ssh/control
SSH_OPTIONS=(-o ControlMaster=yes -o "ControlPath=$control" -o ControlPersist=no)
hold ctest1 'exec sleep 300' || not_ok "a master connection" "$(cat "$HOLD_LOG")"
SSH_OPTIONS=(-o "ControlPath=$control")
names=$(for _ in 1 2 3; do box ctest1 hostname </dev/null; done | sort -u)
is "four sessions of one connection have one name" "$names" "$HELD"
is "and one container on the host" "$(session_names | wc -l)" 1
box ctest1 'echo shared >/tmp/file' </dev/null
is "and one /tmp" "$(box ctest1 cat /tmp/file </dev/null)" shared
is "and one process tree" "$(box ctest1 'pgrep -cx sleep' </dev/null)" 1
is "a session's end leaves the others alone" "$(box ctest1 'pgrep -cx sleep' </dev/null)" 1
SSH_OPTIONS=()
other=$(box ctest1 hostname </dev/null)
unlike "a second connection is another container" "$other" "^$HELD\$"
is "with another /tmp" "$(box ctest1 'cat /tmp/file 2>/dev/null || echo none' </dev/null)" none
release
leftovers_sessions "the end of the connection ends all of them"

kill "$host_listener"
wait "$host_listener" 2>/dev/null
fixture_end
done_testing
