# shellcheck shell=bash
# systemd.sh: the session as logind's and the manager's own: limits are properties of its scope.

scope_of_alice()
{
	root "loginctl list-sessions --no-legend | awk '\$3 == \"alice\" { print \$1 }'"
}

# a bus that does not answer costs the deadline, and the login
systemd_silent()
{
	local begin took

	root 'kill -STOP $(pgrep -x dbus-daemon)'
	begin=$(root 'cut -d" " -f1 /proc/uptime')
	is "where systemd does not answer nothing runs" "$(root 'sudo -u alice echo ran 2>/dev/null')" ""
	took=$(root "awk -v b=$begin '{ print int((\$1 - b) * 1000) }' /proc/uptime")
	root 'kill -CONT $(pgrep -x dbus-daemon)'
	if [ "$took" -ge 4500 ] && [ "$took" -le 6000 ]; then
		ok "within the deadline of 5 s, and what sudo itself takes ($took ms)"
	else
		not_ok "within the deadline of 5 s, and what sudo itself takes" "$took ms"
	fi
	like "and the log says why" "$(root 'journalctl -b --no-pager -o cat -t sudo')" \
		'alice: cgroup: /run/dbus/system_bus_socket: systemd did not answer within 4500 ms'
	like "with an answer it works again" "$(root 'sudo -u alice hostname')" "$CARD"
}

part_systemd()
{
	local session

	state_before
	hold alice || not_ok "a login that stays" "$(cat "$VM_WORK/held")"
	session=$(scope_of_alice)
	like "loginctl has the session" "$session" '^[0-9c]+$'
	is "its processes are in the session's scope" \
		"$(root "pid=\$(pgrep -u alice -x sleep | head -n 1); sed 's/.*\///' /proc/\$pid/cgroup")" "session-$session.scope"
	is "the limits are properties of the scope" \
		"$(root "systemctl show -p MemoryMax -p TasksMax -p CPUQuotaPerSecUSec --value session-$session.scope" | sort | paste -sd' ')" \
		"167772160 40 500ms"
	contains "systemd-cgls shows the session by its card" "$(root 'systemd-cgls --no-pager')" "$HELD"
	root 'systemctl daemon-reload'
	is "daemon-reload leaves the limits" "$(limit_of memory.max) $(limit_of pids.max)" "$((160 << 20)) 40"
	release
	if eventually 20 root '! loginctl list-sessions --no-legend | grep -q alice'; then
		ok "loginctl has none after it"
	else
		not_ok "loginctl has none after it" "$(root loginctl)"
	fi
	ends "loginctl terminate-session ends a session" 'loginctl terminate-session $logind'
	ends "loginctl kill-session ends a session" 'loginctl kill-session $logind'
	ends "loginctl terminate-user ends a session" 'loginctl terminate-user alice'
	ends "systemctl stop of the unit with its card ends a session" 'systemctl stop "contained-$1.scope"'
	systemd_silent
	state_after "nothing is left of them"
}
