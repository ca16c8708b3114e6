#!/bin/bash
# The same module under other programs that open PAM sessions: su, runuser, login, cron, sudo. They read
# fixed files, so they run in a mount namespace of their own, with a private /etc/pam.d; the machine's is
# not touched.
. "$(dirname "$0")/../lib/fixture.sh"
fixture_start
# sudo lowers the core limit to 0 itself, and only CAP_SYS_RESOURCE, which a virtual machine's root need
# not have, raises one again
conf_write <<END
[default]

[sudo]
match_services = sudo
rlimit_core = none
END
home=$(getent passwd ctest1 | cut -d: -f6)
uid=$(id -u ctest1)

cp -r /etc/pam.d "$P/pam.d"
for service in su su-l runuser runuser-l login cron sudo; do
	printf '%s\n' "auth sufficient pam_rootok.so" "auth required pam_permit.so" "account required pam_permit.so" \
		"session required pam_unix.so" \
		"session required $MODULE $PAM_ARGS debug" \
		"session required pam_limits.so" "session required pam_env.so" >"$P/pam.d/$service"
done
sed -i "s/^auth required pam_permit.so/auth required pam_deny.so/" "$P/pam.d/su" "$P/pam.d/su-l"

# there COMMAND…: runs it where /etc/pam.d is ours
there()
{
	timeout 60 unshare --mount --propagation private -- \
		sh -c 'mount --bind "$0" /etc/pam.d && exec "$@"' "$P/pam.d" "$@" 2>&1 8<&-
}

# logged NAME SERVICE: the session of ctest1 began and ended, by that service
logged()
{
	succeeds "$1: the begin is recorded" log_wait " begin user=ctest1 .*service=$2( |\$)"
	succeeds "$1: the end is recorded" log_wait " end user=ctest1 .*service=$2( |\$)"
	leftovers_sessions "$1: nothing is left"
}

# --- su and runuser -----------------------------------------------------------------------------------
log_mark
output=$(there su ctest1 -c 'hostname; id -un; id -u; grep -c . /proc/self/mountinfo >/dev/null; echo $$' </dev/null)
like "su: the hostname is a card" "$(head -n 1 <<<"$output")" "$CARD"
is "su: the user" "$(sed -n 2,3p <<<"$output")" "ctest1"$'\n'"$uid"
logged su su
there su ctest1 -c 'exit 7' </dev/null >/dev/null
is "su: exit status" "$?" 7
there su ctest1 -c 'kill -TERM $$' </dev/null >/dev/null
is "su: death by a signal" "$?" 143
is "su: standard input and output" "$(echo through | there su ctest1 -c cat)" through
is "su: groups are the user's" "$(there su ctestg -c 'id -Gn' </dev/null)" "ctestg $GROUP"
is "su: an exempt user is left alone" "$(there su ctestx -c hostname </dev/null)" "$(hostname)"
is "su: a system user is left alone (min_uid)" "$(there su -s /bin/sh daemon -c hostname </dev/null)" "$(hostname)"
is "su: capabilities are gone" "$(there su ctest1 -c 'grep Cap /proc/self/status' </dev/null | awk '{ print $2 }' | sort -u)" 0000000000000000
is "su: the groups a process keeps are those it lists" \
	"$(there su ctest1 -c 'grep ^Groups: /proc/self/status | wc -w; id -G | wc -w' </dev/null | tr '\n' ' ')" "2 1 "
log_mark
like "su -: a login shell" "$(there su - ctest1 -c 'hostname; pwd' </dev/null | paste -sd' ')" "^[0-9a-f]+-[a-z-]+ $home\$"
logged "su -" su-l
if command -v runuser >/dev/null; then
	log_mark
	like "runuser: the hostname is a card" "$(there runuser ctest1 -c hostname </dev/null)" "$CARD"
	logged runuser runuser
else
	skip "no runuser" "runuser"
fi

# --- on a terminal --------------------------------------------------------------------------------------
# talk NAME COMMAND… < steps
talk()
{
	local name=$1 transcript

	shift
	# terminal.py gives the host's terminal, as a console or a terminal window does
	if transcript=$(timeout 60 python3 "$TOP/tests/lib/terminal.py" -t 15 unshare --mount --propagation private -- \
		sh -c 'mount --bind "$0" /etc/pam.d && exec "$@"' "$P/pam.d" "$@" 2>&1 8<&-); then
		ok "$name"
	else
		not_ok "$name" "$(tr -d '\r' <<<"$transcript" | tail -n 25)"
	fi
}

log_mark
talk "su on a host's terminal: tty, size, job control" su ctest1 <<END
send PS1='REA''DY> '
expect READY>
send tty
expect /dev/pts/[0-9]+
send test "\$(tty)" -ef /proc/self/fd/0 && echo same" "file
expect same file
send stty size
expect 24 80
resize 50 132
send stty size
expect 50 132
send sh -c 'echo run''ning; exec sleep 100'
expect running
key C
expect \^C
expect READY>
send echo interrupted=\$?
expect interrupted=130
send exit 5
status 5
END
logged "su on a terminal" su
log_mark
talk "login on a host's terminal" login -f ctest1 <<END
send PS1='REA''DY> '
expect READY>
send tty
expect /dev/pts/[0-9]+
send hostname; id -un
expect [0-9a-f]+-[a-z-]+\s+ctest1
send exit
END
logged "login" login
logins=$([ -f /var/log/wtmp ] && echo 1 || echo 0)
in_wtmp() { grep -ao ctest1 /var/log/wtmp 2>/dev/null | grep -c .; }
is "login is in wtmp, su and runuser are not" "$(in_wtmp)" "$logins"
talk "login of an exempt user" login -f ctestx <<END
send PS1='REA''DY> '
expect READY>
send hostname
expect $(hostname)
send exit
END

# --- cron -------------------------------------------------------------------------------------------------
# @reboot jobs run when cron starts, if no other cron did since the boot: /run and the crontabs are private
if command -v cron >/dev/null; then
	mkdir "$P/run" "$P/crontabs"
	chmod 1730 "$P/crontabs"
	chgrp crontab "$P/crontabs" 2>/dev/null
	printf '@reboot (hostname; id -un; echo "done") >%s/cron-out 2>&1\n' "$home" >"$P/crontabs/ctest1"
	chown ctest1 "$P/crontabs/ctest1"
	chmod 0600 "$P/crontabs/ctest1"
	mkdir -p /run/contained
	log_mark
	timeout 30 unshare --mount --propagation private -- sh -c '
		mount --bind "$0/pam.d" /etc/pam.d &&
		mount --bind "$0/crontabs" /var/spool/cron/crontabs &&
		mount -t tmpfs none "$0/run" && mkdir "$0/run/contained" &&
		mount --bind /run/contained "$0/run/contained" && mount --rbind "$0/run" /run &&
		exec cron -f' "$P" </dev/null >"$P/private/cron" 2>&1 8<&- &
	cron=$!
	if eventually 10 grep -qx "done" "$home/cron-out"; then
		like "cron: the hostname is a card" "$(head -n 1 "$home/cron-out")" "$CARD"
		is "cron: the user" "$(sed -n 2p "$home/cron-out")" ctest1
	else
		not_ok "cron runs a job" "$(cat "$P/private/cron")" "$(log_since)"
	fi
	succeeds "cron: the end is recorded" log_wait ' end user=ctest1 .*service=cron( |$)'
	leftovers_sessions "cron: nothing is left"
	# the timeout's child is cron itself: sh and unshare were replaced by it
	pkill -TERM -P "$cron" 2>/dev/null
	wait "$cron" 2>/dev/null
	if command -v mountpoint >/dev/null && mountpoint -q "$P/run"; then
		not_ok "cron's private /run is private"
	fi
else
	skip "no cron: make deps" "cron"
fi

# --- sudo opens a session for the user it becomes, and makes a pty before it (use_pty) ----------------------
printf 'Defaults use_pty\nroot ALL=(ALL) ALL\n' >"$P/sudoers"
printf 'Defaults !use_pty\nroot ALL=(ALL) ALL\n' >"$P/sudoers.plain"
chmod 0440 "$P/sudoers" "$P/sudoers.plain"
# sudoing SUDOERS COMMAND…
sudoing()
{
	there sh -c 'mount --bind "$0" /etc/sudoers && exec "$@"' "$@"
}
log_mark
like "sudo -u: the hostname is a card" "$(sudoing "$P/sudoers" sudo -n -u ctest1 hostname </dev/null)" "$CARD"
logged sudo sudo
sudoing "$P/sudoers" sudo -n -u ctest1 sh -c 'exit 9' </dev/null >/dev/null
is "sudo: exit status" "$?" 9
for sudoers in sudoers sudoers.plain; do
	log_mark
	talk "sudo on a host's terminal ($(sed -n 's/^Defaults //p' "$P/$sudoers")): tty, size, job control" \
		sh -c 'mount --bind "$0" /etc/sudoers && exec sudo -n -u ctest1 bash --norc' "$P/$sudoers" <<-END
		send PS1='REA''DY> '
		expect READY>
		send tty
		expect /dev/pts/[0-9]+
		send test "\$(tty)" -ef /proc/self/fd/0 && echo same" "file
		expect same file
		send stty size
		expect 24 80
		send hostname
		expect [0-9a-f]+-[a-z-]+
		send sh -c 'echo run''ning; exec sleep 100'
		expect running
		key C
		expect \^C
		expect READY>
		send exit 5
		status 5
	END
	logged "sudo on a terminal" sudo
done

# --- su and runuser make one of their own with --pty ----------------------------------------------------------
for program in su runuser; do
	log_mark
	talk "$program --pty: tty, size" $program --pty ctest1 -c sh <<-END
		send PS1='REA''DY> '
		expect READY>
		send tty
		expect /dev/pts/[0-9]+
		send test "\$(tty)" -ef /proc/self/fd/0 && echo same" "file
		expect same file
		send stty size
		expect 24 80
		send exit 5
		status 5
	END
	logged "$program --pty" $program
done

# --- a refused session is a refused login, whatever the program ------------------------------------------
printf '[default]\npids = many\n' >"$P/contained.conf"
# nothing_runs NAME COMMAND…: its marker must not appear
nothing_runs()
{
	local name=$1

	shift
	rm -f "$home/marker"
	log_mark
	there "$@" </dev/null >"$P/private/out"
	if [ -e "$home/marker" ]; then
		not_ok "$name: a refused session runs nothing" "$(cat "$P/private/out")" "$(log_since)"
	else
		ok "$name: a refused session runs nothing"
	fi
	succeeds "$name: and one line says why" log_wait 'ctest1: .*contained\.conf:2: .*pids.*many'
}
nothing_runs su su ctest1 -c "touch $home/marker"
nothing_runs "su -" su - ctest1 -c "touch $home/marker"
command -v runuser >/dev/null && nothing_runs runuser runuser ctest1 -c "touch $home/marker"
nothing_runs sudo sudo -n -u ctest1 touch "$home/marker"
talk "login: a refused session runs nothing" login -f ctest1 <<END
expect (?i)could not be set up|cannot|error|failure
pause 1
END
is "su: an exempt user comes in" "$(there su ctestx -c 'echo in' </dev/null)" in
is "su: root comes in" "$(there su root -c 'echo in' </dev/null)" in
conf_write <<END
[default]
END

# --- a login within a login ----------------------------------------------------------------------------------
# An administrator's nsenter brings root into a session; whatever opens a PAM session there is left alone.
if command -v pamtester >/dev/null; then
	# in a session /etc is seen without what the host has mounted below it: this service is in the real one
	pam_service contained-test-nested "auth required pam_permit.so" "account required pam_permit.so" \
		"session required $MODULE $PAM_ARGS debug"
	there su ctest1 -c 'echo $HOSTNAME >'"$home"'/held; exec sleep 30' </dev/null >/dev/null &
	su=$!
	eventually 5 test -s "$home/held"
	HELD=$(cat "$home/held")
	log_mark
	first=$(session_init "$HELD")
	succeeds "a session within a session opens" nsenter -t "$first" -a pamtester contained-test-nested ctest2 \
		open_session close_session
	succeeds "and is left alone" log_wait 'ctest2: left alone: in a session already'
	is "there is one session still" "$(session_names)" "$HELD"
	pkill -TERM -P "$su" 2>/dev/null
	wait "$su" 2>/dev/null
	leftovers_sessions "the session around it ends as ever"
else
	skip "no pamtester: make deps" "a session within a session"
fi
is "nor are cron, sudo and the others" "$(in_wtmp)" "$logins"

fixture_end
done_testing
