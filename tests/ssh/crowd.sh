#!/bin/bash
# Many logins at once, and one after the other; every end takes everything with it.
. "$(dirname "$0")/../lib/fixture.sh"
fixture_start
conf_write <<END
[default]
END
sshd_start
count=${CONTAINED_CROWD:-30}

log_mark
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
is "and each has a name of its own" "$(cat "$P"/private/crowd.* | sort -u | grep -cE "$CARD")" "$count"
leftovers_sessions "and nothing of them is left"

ended()
{
	[ "$(log_since | grep -cE 'contained.*: [0-9a-f]+-[a-z-]+ end user=ctest[12] .*service=contained-test-sshd')" -eq "$count" ]
}
eventually 3 ended
is "each one's begin is recorded" "$(log_since | grep -cE 'contained.*: [0-9a-f]+-[a-z-]+ begin user=ctest[12] .*service=contained-test-sshd')" "$count"
is "each one's end is recorded" "$(log_since | grep -cE 'contained.*: [0-9a-f]+-[a-z-]+ end user=ctest[12] .*service=contained-test-sshd')" "$count"

# --- ends -----------------------------------------------------------------------------------------
hold ctest1 'setsid nohup sleep 300 >/dev/null 2>&1 & sleep 0.3; exec sleep 301' ||
	not_ok "a login" "$(cat "$HOLD_LOG")"
hold_1=$HOLD_PID name_1=$HELD
hold ctest2 'exec sleep 302' || not_ok "a login" "$(cat "$HOLD_LOG")"
release "$hold_1"
only_second()
{
	[ "$(session_names)" = "$HELD" ] && [ -z "$(ps -o pid=,stat= -U ctest1 | awk '$2 !~ /^Z/')" ]
}
if eventually 2 only_second; then
	ok "a closed connection takes its programs with it, nohup or not, and nobody else's"
else
	not_ok "a closed connection takes its programs with it, nohup or not, and nobody else's" \
		"$(session_names)" "want: $HELD" "$(ps -f -U ctest1)"
fi
unlike "two logins have two names" "$name_1" "^$HELD\$"
succeeds "the other session lives" pgrep -U ctest2 -x sleep
release
leftovers_sessions "the last one's end leaves nothing"

for ((i = 0; i < 10; i++)); do
	box ctest1 true </dev/null || bad=$((bad + 1))
done
is "ten logins one after the other all work" "$bad" 0
hold ctest1 'echo one; exec cat' && release
leftovers_sessions "a login whose client vanishes leaves nothing"

fixture_end
done_testing
