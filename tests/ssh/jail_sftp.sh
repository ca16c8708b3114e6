#!/bin/bash
# conf/examples/sftp-only.conf: sftp and scp, by the login shell and by ForceCommand, and nothing else.
. "$(dirname "$0")/../lib/jail.sh"
jail_start
jail_profile sftp-only
here=$P/private
echo secret >"$home2/secret" && chmod 0644 "$home2/secret"
echo content >"$here/file"

batch()
{
	local user=$1

	shift
	printf '%s\n' "$@" >"$here/batch"
	timeout 30 sftp -q -F "$SSH_CONFIG" -b "$here/batch" "$user@box" 2>&1 </dev/null
}

check_transfers()
{
	local how=$1 user=$2 where=$3

	rm -f "$where/put" "$here/got" "$where/copied"
	batch "$user" "put $here/file put" "get put $here/got" >/dev/null
	is "$how: put and get" "$(cat "$here/got" 2>&1)" content
	succeeds "$how: scp" scp -q -F "$SSH_CONFIG" "$here/file" "$user@box:copied"
	is "$how: what scp brought is there" "$(cat "$where/copied" 2>&1)" content
	unlike "$how: another's home is not there" "$(batch "$user" "ls $([ "$user" = ctest1 ] && echo "$home2" || echo "$home")")" secret
	ln -sfn / "$where/out"
	like "$how: a link out of the home leads into the same container" "$(batch "$user" "ls out/home")" "$user"
	unlike "$how: and to nobody else" "$(batch "$user" "ls out/home")" "$([ "$user" = ctest1 ] && echo ctest2 || echo 'ctest1$')"
	like "$how: the rest is read-only" "$(batch "$user" "put $here/file /etc/marker")" 'Permission denied|Read-only|Failure|failure'
}

jail_sshd
check_transfers "internal-sftp as a forced command" ctest1 "$home"
check_transfers "a ForceCommand of somebody with bash" ctest2 "$home2"
try_to_run "a forced command" ctest1
try_to_run "a ForceCommand of somebody with bash" ctest2
fails "scp -O" timeout 5 scp -O -q -F "$SSH_CONFIG" "$here/file" ctest1@box:old
[ ! -e "$home/old" ] && ok "scp -O brought nothing" || not_ok "scp -O brought nothing"
# the client's own shell, never the server's
is "sftp's !command is the client's" "$(batch ctest1 '!hostname' | tail -n 1)" "$(hostname)"
printf '%s\n' 'pause 1' 'send id' 'pause 1' 'key D' >"$here/steps"
unlike "a terminal: still no shell" "$(timeout 20 python3 "$TOP/tests/lib/terminal.py" -t 5 ssh -tt -F "$SSH_CONFIG" ctest1@box <"$here/steps" 2>&1)" 'uid='
jail_conf <<-END
	command = internal-sftp -R
END
batch ctest1 "put $here/file never" >/dev/null
[ ! -e "$home/never" ] && ok "internal-sftp -R: nothing can be written" || not_ok "internal-sftp -R: nothing can be written"
is "internal-sftp -R: it can be read" "$(batch ctest1 "get put $here/got" >/dev/null; cat "$here/got")" content
sshd_stop

jail_profile sftp-only
jail_sshd_login
check_transfers "the login shell, with the external server" ctest1 "$home"
try_to_run "the login shell" ctest1
# what the login shell of an exempt user gets is a shell
is "who is exempt is not jailed" "$(ask ctestx 'echo free')" $'free\nstatus 0'
sshd_stop

# no jail: internal-sftp as a forced command is sftp all the same, and other commands are the shell's
jail_conf </dev/null
jail_sshd
check_transfers "without a jail" ctest1 "$home"
like "without a jail: a command" "$(ask ctest1 'echo free; hostname')" 'free.[0-9a-f]+-[a-z-]+.status 0'

jail_end
done_testing
