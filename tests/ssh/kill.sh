#!/bin/bash
# Any one process behind a session is killed, while it runs and while it is being set up: two seconds
# later nothing of it is left.
. "$(dirname "$0")/../lib/fixture.sh"
fixture_start
conf_write <<END
[default]
pids = 200
END
sshd_start

# programs that ignore hangups, in sessions of their own, as deep as it gets
stubborn='trap "" HUP TERM INT; (trap "" HUP TERM; setsid sh -c "trap \"\" HUP TERM; sleep 300; :" &)
setsid nohup sleep 301 >/dev/null 2>&1 & sleep 302; sleep 303'

user_gone()
{
	[ -z "$(ps -o pid=,stat= -U ctest1 | awk '$2 !~ /^Z/')" ] && ! pgrep -f "^($SSHD_SERVICE|sshd-session): ctest1" >/dev/null
}

# kills NAME HOW: HOW prints the pids to kill, given the session's name
kills()
{
	local name=$1 how=$2 victims

	log_mark
	if ! hold ctest1 "$stubborn"; then
		not_ok "$name: a login" "$(cat "$HOLD_LOG")"
		return
	fi
	eventually 5 pgrep -U ctest1 -fx 'sleep 302' || not_ok "$name: the programs of the session run"
	mapfile -t victims < <($how "$HELD")
	if [ -z "${victims[0]:-}" ]; then
		not_ok "$name: found"
		release
		return
	fi
	kill -KILL "${victims[@]}"
	leftovers_sessions "$name: nothing of the session is left within 2 s"
	if eventually 1 user_gone; then
		ok "$name: no process of the user is left"
	else
		not_ok "$name: no process of the user is left" "$(ps -f -U ctest1)"
	fi
	if log_wait "contained.*: $HELD end user=ctest1" 2 >/dev/null; then
		ok "$name: the end is recorded"
		is "$name: once" "$(log_since | grep -c "$HELD end ")" 1
	else
		not_ok "$name: the end is recorded" "$(log_since)"
	fi
	release
}

first() { session_init "$1"; }
watcher() { session_watchers "$1" contained-watch; }
twin() { session_watchers "$1" contained-twin; }

kills "sshd's monitor killed" held_monitor
kills "sshd's user child killed" held_child
kills "PID 1 killed" first
kills "the watcher killed" watcher
kills "the watcher's twin killed" twin

# PID 1 notices that both watchers are gone; what only they could remove, the next login sweeps
hold ctest1 "$stubborn" || not_ok "a login" "$(cat "$HOLD_LOG")"
mapfile -t both < <(session_watchers "$HELD")
is "a session has a watcher and its twin" "${#both[@]}" 2
kill -KILL "${both[@]}"
if eventually 2 user_gone; then ok "both watchers killed: no process of the user is left"; else
	not_ok "both watchers killed: no process of the user is left" "$(ps -f -U ctest1)"; fi
release
sleep 1.1 # sweeps are a second apart at least
is "the next login works" "$(box ctest2 echo in </dev/null 2>&1)" in
leftovers_sessions "and sweeps what was left"

# sshd's listener is no part of a session: a restarted service leaves the sessions alone
hold ctest1 'exec sleep 300' || not_ok "a login" "$(cat "$HOLD_LOG")"
kill -TERM "$SSHD_PID"
eventually 3 gone_pids "$SSHD_PID"
sleep 0.5
is "a stopped listener leaves a session alone" "$(session_names)" "$HELD"
release
leftovers_sessions "whose end is as clean"
rm -f "$P/ssh/sshd.pid"
sshd_start

# --- during set-up ------------------------------------------------------------------------------
descendants()
{
	local pid

	for pid in $(pgrep -P "$1"); do
		echo "$pid"
		descendants "$pid"
	done
}

# interrupted HOW: a login is begun, and at some point of its first 300 ms the processes that HOW prints
# are killed
interrupted()
{
	local client victims

	ssh -F "$SSH_CONFIG" -n ctest1@box 'exec sleep 300' >/dev/null 2>&1 8<&- &
	client=$!
	sleep "0.$(printf '%03d' $((RANDOM % 300)))"
	mapfile -t victims < <($1)
	[ -z "${victims[0]:-}" ] || kill -KILL "${victims[@]}" 2>/dev/null
	kill "$client" 2>/dev/null
	wait "$client" 2>/dev/null
}

monitor_alone() { pgrep -P "$SSHD_PID"; }
newest() { descendants "$SSHD_PID" | sort -n | tail -n 1; }
newest_of_ours() { pgrep -nx 'contained-(init|watch|twin)' 2>/dev/null; }
builder() { for pid in $(monitor_alone); do pgrep -P "$pid" -u root; done; }
everything() { descendants "$SSHD_PID" && pgrep -x 'contained-(init|watch|twin)' 2>/dev/null; }

rounds=${CONTAINED_KILL_ROUNDS:-8}
for how in monitor_alone builder newest newest_of_ours; do
	left=
	for ((round = 0; round < rounds; round++)); do
		interrupted "$how"
		if ! eventually 2 sessions_gone; then
			left="round $round: $(sessions_left)"
			break
		fi
	done
	is "$how killed in $rounds set-ups: nothing is left within 2 s" "$left" ""
	[ -z "$left" ] || {
		sleep 1.1
		box ctest2 true </dev/null
		eventually 3 sessions_gone
	}
done

# several at once: whoever would clean up is dead, too, and the next login does it
for ((round = 0; round < rounds; round++)); do
	interrupted everything
done
sleep 1.1
is "after $rounds set-ups killed whole, the next login works" "$(box ctest1 echo in </dev/null 2>&1)" in
leftovers_sessions "and sweeps all that was left"

fixture_end
done_testing
