# shellcheck shell=bash
# automount.sh: a home that autofs mounts at login, and mounts that come later; a limit that pam_limits would raise.

mounts_in()
{
	root "awk '{ print \$5 }' /proc/\$(pgrep -u $1 -x sleep)/mountinfo"
}

part_automount()
{
	local inside

	state_before
	root 'mkdir -p /srv/homes/eve && useradd -M -d /home/auto/eve -s /bin/bash eve && cp -r /home/bob/.ssh /srv/homes/eve/ &&
		chown -R eve:eve /srv/homes/eve && chmod 0700 /srv/homes/eve &&
		cp -p /etc/auto.master /root/auto.master && echo "/home/auto /etc/auto.vm" >/etc/auto.master &&
		echo "eve -fstype=bind :/srv/homes/eve" >/etc/auto.vm && systemctl start autofs'
	is "the host has the automount, and nothing in it yet" \
		"$(root "awk '\$2 == \"/home/auto\" { print \$3 } \$2 == \"/home/auto/eve\"' /proc/mounts")" autofs
	is "a home that is mounted at login is there, and read-write" \
		"$(as eve 'pwd; echo kept >file && cat file; ls /home /home/auto' 2>&1 | paste -sd' ')" "/home/auto/eve kept /home: auto  /home/auto: eve"
	is "it is the one of the host" "$(root 'cat /srv/homes/eve/file; stat -c %U /srv/homes/eve/file')" $'kept\neve'

	hold eve || not_ok "a login that stays" "$(cat "$VM_WORK/held")"
	root 'mkdir -p /srv/homes/eve/late /opt/late && mount -t tmpfs late /opt/late && mount -t tmpfs late /home/auto/eve/late'
	inside=$(mounts_in eve)
	like "the session has its home" "$inside" '(^|.)/home/auto/eve(.|$)'
	is "a mount made later on the host does not appear inside" "$(grep -c late <<<"$inside")" 0
	release
	root 'umount /opt/late /home/auto/eve/late; rmdir /opt/late
		eval "while pgrep -u eve >/dev/null; do sleep 0.2; done"; systemctl stop autofs
		mv /root/auto.master /etc/auto.master; rm -f /etc/auto.vm; userdel eve; rm -rf /srv/homes; rmdir /home/auto 2>/dev/null'

	root 'cp -p /etc/security/limits.conf /root/limits.conf && echo "* - nofile 1048576" >>/etc/security/limits.conf'
	configure <<<$'[default]\nrlimit_nofile = 512:1024'
	is "pam_limits is behind our line in sshd's file, and raises no sealed limit" \
		"$(root 'grep -c "^session.*pam_limits" /etc/pam.d/sshd'; as alice 'ulimit -Hn; ulimit -Sn' | paste -sd' ')" $'1\n1024 512'
	is "nor in su's, where it comes before" "$(root 'su alice -c "ulimit -Hn"')" 1024
	root 'mv /root/limits.conf /etc/security/limits.conf'
	install_configuration
	state_after "nothing is left of them"
}
