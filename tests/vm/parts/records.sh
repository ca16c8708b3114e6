# shellcheck shell=bash
# records.sh: what the host's own programs tell of a session.

# wtmpdb_rows NAME: the entries of wtmpdb whose terminal is called that: user, host and whether it is open or closed
wtmpdb_rows()
{
	root 'wtmpdb last --json' | python3 -c '
import json, sys
for entry in json.load(sys.stdin)["entries"]:
	if entry.get("tty") == sys.argv[1]:
		state = "open" if entry["logout"] == "still logged in" else "closed" if "length" in entry else entry["logout"]
		print(entry["user"], entry["hostname"], state)' "$1"
}

wtmpdb_is()
{
	[ "$(wtmpdb_rows "$1")" = "alice 10.0.2.2 $2" ]
}

# wtmpdb_ends NAME COMMAND: the one entry of a session that ends by the command is there, and gets its end
wtmpdb_ends()
{
	hold alice || not_ok "a login that stays" "$(cat "$VM_WORK/held")"
	succeeds "$1: last, of wtmpdb, shows it as open by its card" eventually 20 wtmpdb_is "$HELD" open
	root "$2"
	release
	succeeds "$1: and has its end" eventually 20 wtmpdb_is "$HELD" closed
}

records_wtmpdb()
{
	local name names='' wrong='' i

	wtmpdb_ends "a session" 'kill $(pgrep -u alice -x sleep)'
	like "wtmpdb's last on a terminal has 12 letters of the card" "$(root 'wtmpdb last')" "alice +${HELD:0:12} +10\.0\.2\.2 "
	wtmpdb_ends "SIGKILL of sshd's process" 'pkill -9 -f "^sshd(-session)?: alice .priv"'
	wtmpdb_ends "SIGKILL of the watcher" 'pkill -9 -x contained-watch'
	for ((i = 0; i < 5; i++)); do
		names+=" $(as alice hostname)"
	done
	for name in $names; do
		eventually 20 wtmpdb_is "$name" closed || wrong+="$name: $(wtmpdb_rows "$name"); "
	done
	is "five short sessions have one entry each, with its end" "$wrong" ""
	is "nobody who wrote them is left" "$(root 'pgrep -l contained-recor')" ""
	diag "all of alice's:" "$(root 'wtmpdb last -S alice' 2>&1 | tail -n 20)"
}

part_records()
{
	local journal

	hold alice || not_ok "a login that stays" "$(cat "$VM_WORK/held")"
	case $VM_MACHINE in
	bookworm)
		like "who shows the session by its card" "$(root who)" "alice +$HELD "
		like "w shows the session by its card" "$(root w)" "alice +${HELD:0:8} "
		like "last shows it as open" "$(root last)" "alice +${HELD:0:12} .*(still logged in|gone - no logout)"
		;;
	*)
		# utmp and wtmp are no more: who asks logind, and lastlog2 was told before the session began
		like "who shows the session, as logind has it" "$(root who)" "alice +sshd? "
		like "w does, too" "$(root w)" "alice "
		like "lastlog2 has the login" "$(root lastlog2)" "alice .*10\.0\.2\.2"
		;;
	esac
	root "pid=\$(pgrep -u alice -x sleep | head -n 1); kill \$pid"
	release
	eventually 20 root "test ! -e /run/contained/$HELD"
	[ "$VM_MACHINE" != bookworm ] || {
		unlike "who shows it no more" "$(root who)" "$HELD"
		unlike "nor does w" "$(root w)" "alice"
		like "last has its end" "$(root last)" "alice +${HELD:0:12} .* - [0-9:]+ +\("
	}
	journal=$(root 'journalctl -b --no-pager -t contained -o cat')
	like "journalctl -t contained has its begin" "$journal" "$HELD begin user=alice uid=1000 service=sshd rhost=10.0.2.2"
	like "and its end" "$journal" "$HELD end user=alice uid=1000 service=sshd .*seconds=[0-9]+ memory_peak=[1-9][0-9]* cpu_milliseconds=[1-9]"
	[ "$VM_MACHINE" != trixie ] || records_wtmpdb
}

# logins and logouts in a row
part_crowd()
{
	local i count=${VM_CROWD:-100} bad=0

	state_before
	for ((i = 0; i < count; i++)); do
		as alice true || bad=$((bad + 1))
	done
	is "$count logins in a row all work" "$bad" 0
	state_after "after them scopes, control groups, /run/contained, mounts and processes are as before"
}
