# shellcheck shell=bash
# records.sh: what the host's own programs tell of a session.

wtmpdb_has()
{
	root 'wtmpdb last -w' | grep -qE "$1"
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
		eventually 10 wtmpdb_has "alice +${HELD:0:12} +10.0.2.2 .*still logged in"
		like "last, of wtmpdb, shows the session by its card, as open" "$(root 'wtmpdb last -w')" \
			"alice +${HELD:0:12} +10.0.2.2 .*still logged in"
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
	[ "$VM_MACHINE" != trixie ] || {
		eventually 10 wtmpdb_has "alice +${HELD:0:12} .* - [0-9:]+ +\("
		like "last, of wtmpdb, has its end" "$(root 'wtmpdb last -w')" "alice +${HELD:0:12} .* - [0-9:]+ +\("
		is "nobody of those who wrote it is there any more" "$(root 'pgrep -l contained-recor')" ""
	}
	journal=$(root 'journalctl -b --no-pager -t contained -o cat')
	like "journalctl -t contained has its begin" "$journal" "$HELD begin user=alice uid=1000 service=sshd rhost=10.0.2.2"
	like "and its end" "$journal" "$HELD end user=alice uid=1000 service=sshd .*seconds=[0-9]+ memory_peak=[1-9][0-9]* cpu_milliseconds=[1-9]"
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
