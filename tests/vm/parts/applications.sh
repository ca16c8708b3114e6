# shellcheck shell=bash
# applications.sh: each application of PAM that forks: is it contained, does tty answer, is anything left.

# what a session says of itself: its hostname, its terminal, its effective capabilities
SAYS='hostname; tty; sed -n "s/^CapEff:.//p" /proc/self/status'

# contained NAME TEXT TTY: three lines of SAYS, behind what a PAM module may have greeted with
contained()
{
	local lines

	mapfile -t lines < <(grep -A 2 -E "$CARD" <<<"$2")
	if [[ ${lines[0]:-} =~ $CARD && ${lines[1]:-} =~ $3 && ${lines[2]:-} = 0000000000000000 ]]; then
		ok "$1"
	else
		not_ok "$1" "$2" "want: a card, a terminal like $3, no capability"
	fi
}

part_applications()
{
	local none='^not a tty$' pts='^/dev/pts/[0-9]+$'

	state_before
	root "cat >/usr/local/bin/says" <<<"$SAYS"
	contained "su from root, with a terminal" "$(root_tty 'su alice -c "sh /usr/local/bin/says"')" "$pts"
	contained "su -, with a terminal" "$(root_tty 'su - alice -c "sh /usr/local/bin/says"')" "$pts"
	contained "su from root, without one" "$(root 'su alice -c "sh /usr/local/bin/says" </dev/null')" "$none"
	contained "su from a user, with a password" \
		"$(root 'echo vm | runuser -u service -- su alice -c "sh /usr/local/bin/says </dev/null" 2>/dev/null')" "$none"
	is "su within a session gives nothing" "$(as alice 'echo vm | su bob -c id >/dev/null 2>&1 || echo refused')" refused
	is "su to a system account is left alone" "$(root 'su service -c hostname')" vm
	is "su to root is left alone" "$(root 'su root -c hostname')" vm

	contained "sudo -u" "$(root 'sudo -u alice sh /usr/local/bin/says </dev/null')" "$none|$pts"
	root 'echo "Defaults:root !use_pty" >/etc/sudoers.d/vm; chmod 0440 /etc/sudoers.d/vm'
	contained "sudo -u, with a terminal" "$(root_tty 'sudo -u alice sh /usr/local/bin/says')" "$pts"
	contained "sudo -i -u, with a terminal" "$(root_tty 'sudo -i -u alice sh /usr/local/bin/says')" "$pts"
	root 'echo "Defaults:root use_pty" >/etc/sudoers.d/vm'
	contained "sudo -u, with a pty of sudo's own" "$(root_tty 'sudo -u alice sh /usr/local/bin/says')" "$pts"
	contained "sudo -i -u, with one" "$(root_tty 'sudo -i -u alice sh /usr/local/bin/says')" "$pts"
	contained "su --pty" "$(root_tty 'su --pty alice -c "sh /usr/local/bin/says"')" "$pts"
	root 'rm /etc/sudoers.d/vm'
	is "sudo to a system account is left alone" "$(root 'sudo -u service hostname')" vm
	is "sudo as root is left alone" "$(root 'sudo hostname')" vm
	state_after "nothing is left of su and sudo"

	applications_runuser
	applications_jobs
	applications_console
	applications_manager
	state_after "nothing is left of any of them"
}

# its PAM file includes no common-session: what root runs so is root's own business until a line says otherwise
applications_runuser()
{
	is "runuser has no line, and is not contained" "$(root 'runuser -u alice hostname')" vm
	root 'cp -p /etc/pam.d/runuser /root/runuser.pam && echo "session required pam_contained.so" >>/etc/pam.d/runuser'
	contained "runuser, with the line in its own file" "$(root_tty 'runuser -u alice sh /usr/local/bin/says')" '^/dev/pts/[0-9]+$'
	contained "runuser -l" "$(root_tty 'runuser -l alice -c "sh /usr/local/bin/says"')" '^/dev/pts/[0-9]+$'
	is "runuser to a system account is left alone" "$(root 'runuser -u service hostname')" vm
	root 'mv /root/runuser.pam /etc/pam.d/runuser'
}

applications_jobs()
{
	root 'systemctl is-active --quiet cron atd' || not_ok "cron and atd run" "$(root 'systemctl status cron atd' 2>&1)"
	root 'rm -f /home/alice/*.out'
	root "echo 'sh /usr/local/bin/says >/home/alice/at.out 2>&1' | runuser -u alice -- at now" >/dev/null 2>&1
	root "echo '* * * * * sh /usr/local/bin/says >/home/alice/cron.out 2>&1' | crontab -u alice -"
	root "echo '* * * * * hostname >/root/cron.out; ' | crontab -u root -"
	eventually 30 root 'grep -q 0000 /home/alice/at.out'
	contained "at" "$(root 'cat /home/alice/at.out')" '^not a tty$'
	eventually 90 root 'grep -q 0000 /home/alice/cron.out && test -s /root/cron.out'
	contained "cron" "$(root 'cat /home/alice/cron.out')" '^not a tty$'
	is "root's cron job is left alone" "$(root 'cat /root/cron.out')" vm
	root 'crontab -u alice -r; crontab -u root -r'
}

applications_console()
{
	local said

	said=$(python3 tests/vm/console.py "$VM_WORK/console.sock" 150 'login: ' alice 'assword: ' vm '$ ' \
		"sh /usr/local/bin/says; echo told''.; exit" 'told.' 2>&1 | grep -A 2 -E "$CARD")
	contained "login on the serial console" "$said" '^/dev/ttyS0$'
	said=$(python3 tests/vm/console.py "$VM_WORK/console.sock" 150 'login: ' root 'assword: ' vm '# ' \
		"hostname; echo told''.; exit" 'told.' 2>&1 | grep -x vm)
	is "root's login there is left alone" "$said" vm
}

# systemd --user would run outside: it does not, and nobody waits for it
applications_manager()
{
	local begin took

	begin=$(root 'cut -d" " -f1 /proc/uptime')
	like "the login goes on without a user manager" "$(as bob hostname)" "$CARD"
	took=$(root "awk -v b=$begin '{ print int((\$1 - b) * 1000) }' /proc/uptime")
	diag "that login took $took ms"
	like "the journal says why there is none" "$(root 'journalctl -b --no-pager -o cat')" \
		'pam_contained\(systemd-user:session\): bob: no user manager for a contained user'
	is "no process of a user's runs outside" "$(root 'pgrep -u bob -l')" ""
}
