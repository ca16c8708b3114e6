#!/bin/bash
# contained-shell as the login shell: many logins at once, and every end, wished for or not, takes everything with it.
. "$(dirname "$0")/../lib/door.sh"
door_start
sshd_start
count=${CONTAINED_CROWD:-50}

pids=()
for ((i = 0; i < count; i++)); do
	BOX_SECONDS=120 box "ctest$((i % 2 + 1))" 'hostname; sleep 1' </dev/null >"$P/private/crowd.$i" 2>&1 8<&- &
	pids+=($!)
done
bad=0
for pid in "${pids[@]}"; do
	wait "$pid" || bad=$((bad + 1))
done
is "$count logins at once all work" "$bad" 0
# names are a user's own: nobody without root knows the others'
is "and each has a name of its own" "$(for ((i = 0; i < count; i++)); do
	sed "s/^/$((i % 2)) /" "$P/private/crowd.$i"
done | sort -u | grep -cE "^. ${CARD#^}")" "$count"
door_gone "and after them"
door_gone "and after the other's" ctest2

# --- what is left behind --------------------------------------------------------------------------
box ctest1 'sleep 300 & setsid nohup sleep 301 >/dev/null 2>&1 & (trap "" HUP TERM; sleep 302) >/dev/null 2>&1 & exit 4' \
	</dev/null >/dev/null 2>&1
is "a command that leaves jobs behind ends as itself" "$?" 4
door_gone "jobs left behind"

# Programs that ignore hangups, in sessions of their own.
stubborn='trap "" HUP TERM INT; (trap "" HUP TERM; setsid sh -c "trap \"\" HUP TERM; sleep 300; :" &)
setsid nohup sleep 301 >/dev/null 2>&1 & sleep 302; sleep 303'

# The processes behind a rootless session, as the host sees them.
# Not the dead of earlier ones, whom the machine's init has not noticed yet.
named() { pgrep -U ctest1 -r D,R,S,T -x "$1"; }
shells() { named contained-shell; }
first() { named contained-init; }
watcher() { named contained-watch; }
twin() { named contained-twin; }
sshd_child() { pgrep -f "^($SSHD_SERVICE|sshd-session): ctest1@"; }
program() { pgrep -U ctest1 -fx 'bash -c echo .*' | head -n 1; }

# kills NAME HOW [SIGNAL]: HOW prints the pids to kill
kills()
{
	local name=$1 how=$2 signal=${3:-KILL} victims

	hold ctest1 "$stubborn" || not_ok "$name: a login" "$(cat "$HOLD_LOG")"
	eventually 5 pgrep -U ctest1 -fx 'sleep 302' || not_ok "$name: the programs of the session run"
	mapfile -t victims < <($how)
	if [ -z "${victims[0]:-}" ]; then
		not_ok "$name: found" "$(door_processes ctest1)"
		release
		return
	fi
	kill "-$signal" "${victims[@]}"
	door_gone "$name"
	release
}

kills "contained-shell killed" shells
kills "PID 1 killed" first
kills "the watcher killed" watcher
kills "its twin killed" twin
kills "sshd's user child killed" sshd_child
kills "the program killed" program

# both at once: PID 1 notices; what they cannot remove any more, the next session sweeps
hold ctest1 "$stubborn" || not_ok "a login" "$(cat "$HOLD_LOG")"
mapfile -t both < <(watcher; twin)
is "a session has a watcher and its twin" "${#both[@]}" 2
kill -KILL "${both[@]}"
if eventually 2 door_user_gone ctest1; then ok "both watchers killed: no process is left"; else
	not_ok "both watchers killed: no process is left" "$(door_processes ctest1)"; fi
release
sleep 1.1 # sweeps are a second apart at least
is "the next login works" "$(box ctest1 echo in </dev/null 2>&1)" in
door_gone "and sweeps what was left"

# --- the client is gone -----------------------------------------------------------------------------
hangs_up()
{
	local name=$1
	shift

	python3 "$TOP/tests/lib/terminal.py" "$@" >/dev/null 2>&1 <<-END
		pause 0.5
		send sleep 300 & disown; nohup sleep 301 >/dev/null 2>&1 & sleep 302
		pause 0.5
	END
	door_gone "$name"
}
hangs_up "a terminal is hung up" ssh -tt -F "$SSH_CONFIG" ctest1@box
hangs_up "a terminal of su is hung up" su - ctest1
hold ctest1 'trap "echo bye >~/bye" HUP TERM; sleep 300 & wait' || not_ok "a login" "$(cat "$HOLD_LOG")"
kill -KILL "$HOLD_PID"
wait "$HOLD_PID" 2>/dev/null
# without a terminal sshd tells nobody, and with bash as the login shell all would go on
door_gone "the client of a command killed"
is "and the program had its time to save its work" "$(cat "$(getent passwd ctest1 | cut -d: -f6)/bye" 2>/dev/null)" bye

for signal in HUP TERM INT; do
	hold ctest1 'echo; exec sleep 300' || not_ok "a login" "$(cat "$HOLD_LOG")"
	mapfile -t victims < <(shells)
	kill "-$signal" "${victims[@]}"
	door_gone "SIG$signal to contained-shell reaches the program"
	wait "$HOLD_PID"
	is "SIG$signal: ssh says what it says of bash" "$?" 255
done

# --- during set-up ----------------------------------------------------------------------------------
rounds=${CONTAINED_KILL_ROUNDS:-10}
for how in shells first watcher twin sshd_child; do
	left=
	for ((round = 0; round < rounds; round++)); do
		ssh -F "$SSH_CONFIG" -n ctest1@box 'exec sleep 300' >/dev/null 2>&1 8<&- &
		client=$!
		eventually 2 $how
		sleep "0.00$((RANDOM % 10))"
		mapfile -t victims < <($how)
		[ -z "${victims[0]:-}" ] || kill -KILL "${victims[@]}" 2>/dev/null
		kill "$client" 2>/dev/null
		wait "$client" 2>/dev/null
		eventually 2 door_user_gone ctest1 || left="round $round: $(door_processes ctest1)"
	done
	is "$how killed in $rounds set-ups: nothing is left within 2 s" "$left" ""
done
sleep 1.1
is "the next login works" "$(box ctest1 echo in </dev/null 2>&1)" in
door_gone "and sweeps what was left"
fixture_end
done_testing
