# shellcheck shell=bash
# tiny.sh: what there is without systemd, journal, logind; and the doors that need no PAM line.

part_tiny()
{
	local said

	like "the kernel is the oldest that is promised" "$(root 'uname -r')" '^5\.10\.'
	is "PID 1 is no systemd" "$(root 'cat /proc/1/comm')" vm-init
	is "there is cgroup v2 alone" "$(root "awk '\$3 ~ /^cgroup/ { print \$3, \$2 }' /proc/mounts")" "cgroup2 /sys/fs/cgroup"

	state_before
	contained "su" "$(root 'su alice -c "$(cat)"' <<<"$SAYS")" '^not a tty$'
	contained "su, with a terminal" "$(root_tty "su alice -c '$SAYS'")" '^/dev/pts/[0-9]+$'
	said=$(root 'pamtester su alice open_session close_session' 2>&1)
	contains "pamtester opens a session" "$said" "successfully opened a session"
	contains "and closes it" "$said" "session has successfully been closed"
	like "syslog has its begin and end" "$(root 'grep -o "contained.*\(begin\|end\) user=alice .*service=su" /var/log/messages' | tail -n 2 | paste -sd' ')" \
		' begin user=alice .* end user=alice '

	state_after "nothing is left of them"
}
