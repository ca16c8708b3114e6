#!/bin/bash
# A password that has to be changed first: sshd would run passwd, which is without effect inside. Refused,
# and both the user and the administrator read what to do; passwd gains nothing on the host either.
. "$(dirname "$0")/../lib/fixture.sh"
fixture_start
conf_write <<END
[default]
END
sshd_start
remedy='Your password has expired and has to be changed by the administrator first: [0-9a-f]{5,}-[a-z-]+'

in_box()
{
	box "$1" 'echo in' </dev/null 2>&1
}

# refused NAME: no session, one line in the log with the remedy
refused()
{
	log_mark
	unlike "$1: no command runs" "$(in_box ctest1)" '(^|'$'\n'')in($|'$'\n'')'
	like "$1: the log names the remedy" "$(log_wait 'pam_contained\(.*ctest1: ')" \
		'ctest1: plan: ctest1: the password has expired.*hint: as root: passwd ctest1.*chage.*\['
	fails "$1: there was no session" log_has ' begin user=ctest1'
}

is "before, a login works" "$(in_box ctest1)" in

# the account phase of the service is pam_unix: sshd knows, too
chage -d 0 ctest1
refused "a change that root demands"

# --- on a terminal: the user's sentence, and what sshd runs then ------------------------------------
passwd_pid()
{
	pgrep -x -P "$(pgrep -f "^($SSHD_SERVICE|sshd-session): ctest1@pts" | head -n 1)" passwd
}
ssh -tt -F "$SSH_CONFIG" ctest1@box >"$P/private/screen" 2>&1 < <(sleep 20) 8<&- &
client=$!
if eventually 5 passwd_pid; then
	pid=$(passwd_pid)
	is "passwd on the host: no setuid bit counts" "$(sed -nE 's/^NoNewPrivs:\s*//p' "/proc/$pid/status")" 1
	is "passwd on the host: the user's uid only" "$(awk '/^Uid:/ { print $2, $3, $4, $5 }' "/proc/$pid/status")" \
		"$(id -u ctest1) $(id -u ctest1) $(id -u ctest1) $(id -u ctest1)"
else
	not_ok "sshd runs passwd for a login that was refused" "$(cat "$P/private/screen")"
fi
release "$client"
like "the user reads the remedy" "$(cat "$P/private/screen")" "$remedy"

# --- by age ---------------------------------------------------------------------------------------
chage -d "$(date -u -d '-30 days' +%F)" -M 10 ctest1
refused "a password older than its maximum"
chage -M 60 ctest1
is "one that is not: a login works" "$(in_box ctest1)" in

# --- who is not concerned ---------------------------------------------------------------------------
chage -d 0 ctestx
log_mark
in_box ctestx >/dev/null
eventually 3 log_has 'Disconnected from user ctestx'
fails "the PAM line's exempt: sshd's own business" log_has 'pam_contained\(.*ctestx: '

chage -d 0 ctest1
pam_service contained-test-su "auth sufficient pam_rootok.so" "account required pam_permit.so" \
	"session required $MODULE $PAM_ARGS"
if command -v pamtester >/dev/null; then
	succeeds "an application that asks before the session opens it" \
		pamtester -I tty=pts/0 contained-test-su ctest1 open_session close_session
	fails "the same with sshd's name for a terminal" pamtester -I tty=ssh contained-test-su ctest1 open_session
else
	skip "no pamtester: make deps" "an application that asks before the session opens it"
fi

fixture_end
done_testing
