# shellcheck shell=bash
# systemd.sh: the session as logind's and the manager's own: limits are properties of its scope.

scope_of_alice()
{
	root "loginctl list-sessions --no-legend | awk '\$3 == \"alice\" { print \$1 }'"
}

# the pty that sudo makes (use_pty, the default) comes from the host's devpts
part_sudo_terminal()
{
	root "cat >/usr/local/bin/says" <<<"$SAYS"
	contained "sudo -u, with a pty of sudo's own" "$(root_tty 'sudo -u alice sh /usr/local/bin/says')" '^/dev/pts/[0-9]+$'
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
	state_after "nothing is left of them"
}
