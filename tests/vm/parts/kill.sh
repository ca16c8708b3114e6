# shellcheck shell=bash
# kill.sh: how sessions end that nobody closes, and what must not end them. The figures are of the machine's own clock.

# gone_after NAME COMMAND: ms from the command to the end of all that the session NAME had, or -1 after ten seconds.
# Between the two only what the shell does itself: a program takes a tenth of a second to start here.
gone_after()
{
	root "bash -s '$1' '$2'" <<-'END'
		there()
		{
			[ ! -e "/run/contained/$1" ] || return 0
			for group in "contained/$1" "contained.slice/contained-$1.scope" "contained.slice/contained-$1-login.scope"; do
				[ ! -e "/sys/fs/cgroup/$group" ] || return 0
			done
			for pid in $pids; do
				[ ! -e "/proc/$pid" ] || return 0
			done
			return 1
		}
		pids="$(pgrep -u alice) $(pgrep -x 'contained-(init|watch|twin)')"
		sshd=$(pgrep -f "^sshd(-session)?: alice \[priv\]")
		init=$(pgrep -x contained-init) watcher=$(pgrep -x contained-watch)
		logind=$(loginctl list-sessions --no-legend 2>/dev/null | awk '$3 == "alice" { print $1 }')
		begin=${EPOCHREALTIME/./}
		eval "$2"
		while there "$1"; do
			[ $((${EPOCHREALTIME/./} - begin)) -lt 10000000 ] || { echo -1; exit; }
			read -t 0.01 <> <(:)
		done
		echo $(((${EPOCHREALTIME/./} - begin) / 1000))
	END
}

# ends NAME COMMAND: within the two seconds that are promised
ends()
{
	local took

	hold alice || not_ok "a login that stays" "$(cat "$VM_WORK/held")"
	took=$(gone_after "$HELD" "$2")
	if [[ $took =~ ^[0-9]+$ ]] && [ "$took" -le "${VM_END_MS:-2000}" ]; then
		ok "$1 ($took ms)"
	else
		not_ok "$1" "$took ms; what is left:" "$(root "/root/state; ps -ef | grep -E 'alice|contained'")"
	fi
	release
}

part_kill()
{
	state_before
	ends "SIGKILL of sshd's process ends the session" 'kill -9 $sshd'
	ends "SIGKILL of PID 1 ends it" 'kill -9 $init'
	ends "SIGKILL of the watcher ends it" 'kill -9 $watcher'

	if [ "$VM_MACHINE" != tiny ]; then
		kill_systemd
	fi
	state_after "nothing is left of them"
}

# what systemd does to the rest of the host
kill_systemd()
{
	hold alice || not_ok "a login that stays" "$(cat "$VM_WORK/held")"
	root 'systemctl restart ssh'
	is "systemctl restart ssh leaves the session" "$(root "pgrep -u alice -x sleep >/dev/null && ls /run/contained")" "$HELD"
	root 'systemctl daemon-reload'
	is "daemon-reload leaves its limits" "$(limit_of memory.max) $(limit_of pids.max)" "$((160 << 20)) 40"
	root 'systemctl set-property user.slice TasksMax=5000'
	is "set-property on user.slice leaves its limits" "$(limit_of memory.max) $(limit_of pids.max)" "$((160 << 20)) 40"
	root 'systemctl set-property --runtime user-1000.slice TasksMax=4000 CPUWeight=90'
	root 'systemctl set-property --runtime contained.slice TasksMax=3000'
	is "and so on the slices of the user and of the sessions" "$(limit_of memory.max) $(limit_of pids.max)" "$((160 << 20)) 40"
	root 'systemctl revert user.slice user-1000.slice contained.slice' >/dev/null 2>&1
	release
}
