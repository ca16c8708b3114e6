#!/bin/bash
# The ways to contained-shell, without PAM module: ForceCommand, command=, su -s, a plain command; each within
# another; and within a session that the PAM module made. One container in every case.
. "$(dirname "$0")/../lib/door.sh"
door_start
server=$(ls /usr/lib/openssh/sftp-server /usr/libexec/openssh/sftp-server /usr/lib/ssh/sftp-server 2>/dev/null | head -n 1)
here=$P/private
head -c 262144 /dev/urandom >"$here/blob"
sum=$(sha256sum <"$here/blob")

# every command says where it ran: the session's name, and how many PIDs 1 of ours there are
where='hostname; ps -eo comm= | grep -c contained-init'

# works NAME USER: what every door has to give
works()
{
	local name=$1 user=$2 home out

	home=$(getent passwd "$user" | cut -d: -f6)
	out=$(box "$user" "$where" </dev/null 2>&1)
	like "$name: a session" "$(head -n 1 <<<"$out")" "$CARD"
	is "$name: and one only" "$(tail -n 1 <<<"$out")" 1
	is "$name: one record of its begin" "$(log_since | grep -c ": $(head -n 1 <<<"$out") begin user=$user ")" 1
	box "$user" 'exit 7' </dev/null
	is "$name: the exit status comes back" "$?" 7
	is "$name: quotes and patterns arrive as typed" "$(box "$user" "printf '%s|' 'a b' '\$x' '*'" </dev/null)" 'a b|$x|*|'
	is "$name: a shell without a command" "$(echo 'hostname | grep -c .; exit' | ssh -T -F "$SSH_CONFIG" "$user@box" 2>/dev/null | tail -n 1)" 1
	is "$name: a pipe through it" "$(box "$user" cat <"$here/blob" | sha256sum)" "$sum"
	succeeds "$name: scp" scp -q -F "$SSH_CONFIG" "$here/blob" "$user@box:blob"
	succeeds "$name: scp -O" scp -q -O -F "$SSH_CONFIG" "$here/blob" "$user@box:old"
	is "$name: both are whole" "$(cat "$home/blob" "$home/old" 2>/dev/null | sha256sum)" "$(cat "$here/blob" "$here/blob" | sha256sum)"
	printf 'expect [$] \nsend hostname | grep -c [-]; tty | cut -c1-8; exit 5\nexpect 1\nexpect /dev/pts\nstatus 5\n' >"$here/steps"
	if out=$(python3 "$TOP/tests/lib/terminal.py" ssh -tt -F "$SSH_CONFIG" "$user@box" <"$here/steps" 2>&1); then
		ok "$name: a terminal"
	else
		not_ok "$name: a terminal" "$out"
	fi
	rm -f "$home/blob" "$home/old"
	door_gone "$name" "$user"
}

log_mark
sshd_start "Subsystem sftp $server" "ForceCommand $DOOR"
works "ForceCommand, the same as login shell" ctest1
works "ForceCommand, bash as login shell" ctestg
sshd_stop

sshd_start "Subsystem sftp $server"
printf 'command="%s" %s\n' "$DOOR" "$(cat "$P/ssh/id.pub")" >"$P/authorized_keys"
works "command=, the same as login shell" ctest2
works "command=, bash as login shell" ctestg
printf 'command="%s -c '"'echo forced; hostname'"'" %s\n' "$DOOR" "$(cat "$P/ssh/id.pub")" >"$P/authorized_keys"
is "command= with a command of its own: the client's is not run" \
	"$(box ctestg 'echo mine' </dev/null | sed -E "s/$CARD/a card/" | paste -sd' ')" "forced a card"
is "the same with contained-shell as login shell" \
	"$(box ctest1 'echo mine' </dev/null | sed -E "s/$CARD/a card/" | paste -sd' ')" "forced a card"
printf 'command="%s" %s\n' "echo \$SSH_ORIGINAL_COMMAND" "$(cat "$P/ssh/id.pub")" >"$P/authorized_keys"
is "another forced command reads what the client asked for" "$(box ctest1 'some words' </dev/null)" "some words"
install -m 0644 "$P/ssh/id.pub" "$P/authorized_keys"
sshd_stop

# --- su and a plain command -----------------------------------------------------------------------
su_s()
{
	su -s "$DOOR" ctestg -c "$1" </dev/null
}

plain()
{
	runuser -u ctestg -- "$DOOR" -c "$1" </dev/null
}

plain_login()
{
	runuser -u ctestg -- "$DOOR" -l -c "$1" </dev/null
}

for how in su_s plain plain_login; do
	out=$($how "$where" 2>&1)
	like "$how: a session" "$(head -n 1 <<<"$out")" "$CARD"
	is "$how: and one only" "$(tail -n 1 <<<"$out")" 1
	$how 'exit 9'
	is "$how: the exit status" "$?" 9
	is "$how: the home" "$($how 'cd && pwd')" "$(getent passwd ctestg | cut -d: -f6)"
	door_gone "$how" ctestg
done
is "arguments behind a command are the shell's \$0 and \$1" \
	"$(runuser -u ctestg -- "$DOOR" -c 'echo "$0|$1|$2"' zero 'one two' three </dev/null)" "zero|one two|three"
is "-lc and -c -- as shells take them" "$(runuser -u ctestg -- "$DOOR" -lc 'echo $0' </dev/null)" -bash
runuser -u ctestg -- "$DOOR" --norc </dev/null >/dev/null 2>&1
is "an option that is none of a shell's: exit status 2" "$?" 2
runuser -u ctestg -- "$DOOR" /etc/passwd </dev/null >"$here/out" 2>&1
is "a script is not run: exit status 2" "$?" 2
# a session in a session is recognised
is "within a session it runs the shell, and makes no second" "$(plain "$DOOR -c '$where'" | tail -n 1)" 1
fixture_end_state=$(door_states ctestg)
is "no state is left" "$fixture_end_state" ""

# --- with the PAM module ---------------------------------------------------------------------------
conf_write <<END
[default]
END
SSHD_PAM=
sshd_pam
sshd_start "Subsystem sftp $server"
out=$(box ctest1 "$where; tr '\0' ' ' </proc/self/status | grep -c NoNewPrivs.*1" </dev/null 2>&1)
like "within a session of the PAM module: that session" "$(head -n 1 <<<"$out")" "$CARD"
is "and no second" "$(sed -n 2p <<<"$out")" 1
is "its record is the module's alone" "$(log_since | grep -c ": $(head -n 1 <<<"$out") begin ")" 1
is "the shell is the real one" "$(box ctest1 'echo $SHELL $0' </dev/null)" "/bin/bash bash"
box ctest1 'exit 8' </dev/null
is "the exit status" "$?" 8
succeeds "scp" scp -q -F "$SSH_CONFIG" "$here/blob" ctest1@box:blob
is "a user with bash comes in as ever" "$(box ctest2 'echo in' </dev/null)" in
door_gone "the PAM module and the shell together"

fixture_end
done_testing
