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

	root 'mkdir -p /srv/box/bin && cp /bin/busybox /srv/box/bin/ && ln -sf busybox /srv/box/bin/sh'
	is "contained -m, as root" "$(root 'contained -q -m /srv/box -u 0 -c sh -c "busybox id -u; busybox hostname" </dev/null' 2>&1 |
		sed -E "s/${CARD:1:-1}/card/")" $'0\ncard'
	is "contained -m, as a user" "$(root 'runuser -u bob -- contained -q -m /srv/box -u 1000 -c sh -c "busybox id -u; busybox hostname" </dev/null' 2>&1 |
		sed -E "s/${CARD:1:-1}/card/")" $'1000\ncard'
	said=$(root 'runuser -u bob -- contained-shell -c "hostname; id -un; ls /home; touch /usr/x 2>/dev/null || echo read-only"' 2>&1)
	is "contained-shell, without PAM and without root" "$(sed -E "s/${CARD:1:-1}/card/" <<<"$said")" $'card\nbob\nbob\nread-only'
	root 'rm -r /srv/box'
	state_after "nothing is left of them"
}
