#!/bin/bash
# OpenSSH's own regression tests (Debian's package openssh-tests) by a user whose login shell is contained-shell, and
# by one who has bash: what passes with bash passes with it. The tests start an sshd of their own as that user.
#
#	tests/ssh/shell_openssh.sh [TEST…]   other tests of the package, by name
#
# Here are those that run something through the login shell, or beside it. Not here, of the Makefile's LTESTS:
#   - keys, configuration files, ssh-keygen, ssh-agent alone, host keys, protocol errors: no login shell comes into it
#   - rekey, integrity, try-ciphers, forward-control, login-timeout and the like: as well, and they take minutes
#   - sshfp-connect, agent-getpeereid, sftp-chroot, keys-command: skip themselves without sudo or a name server
#   - key-options: fails with bash, too, as an sshd without root cannot give a terminal away
. "$(dirname "$0")/../lib/door.sh"
tests='connect proxy-connect connect-privsep connect-uri exit-status exit-status-signal envpass transfer banner
stderr-data stderr-after-eof broken-pipe yes-head agent agent-subprocess scp scp3 scp-uri sftp sftp-cmds sftp-badcmds
sftp-batch sftp-glob sftp-perm sftp-uri localcommand forcecommand dynamic-forward forwarding multiplex reexec'
[ $# -eq 0 ] || tests=$*
# what differs from bash, and why it does
declare -A differs=(
	[agent]="sshd puts the forwarded agent's socket into the host's /tmp, which is not there inside"
	# not run unless asked for
	[agent-restrict]="the same"
	[authinfo]="the file that SSH_USER_AUTH names is in the host's /tmp, too"
	[cfgmatch]="it kills a program from outside by the pid that this one has inside"
	[cfgmatchlisten]="the same, and waits for it"
)
regress=/usr/lib/openssh/regress
[ -d "$regress" ] || {
	skip "no $regress: make deps" "OpenSSH's regression tests"
	done_testing
}
door_start
# the forwarding tests listen inside and connect from outside; envpass has variables of its own
door_conf <<-'END'
	network = host
	pass_env = _XXX_TEST _XXX_TEST_A _XXX_TEST_B
END
# Debian's stack writes to /run as an sshd that is not root cannot, and its complaints would be in the tests' output.
# Which one sshd takes is told in sshd.sh
pam_service "$SSHD_SERVICE" 'auth required pam_deny.so' 'account required pam_unix.so' 'session required pam_unix.so'
ln -s "$(sshd_binary)" "$P/bin/$SSHD_SERVICE"
options=
[ "$(sshd_version)" -lt 908 ] || options="PAMServiceName $SSHD_SERVICE"

# one DIR USER TEST: as run-tests of the package calls it, with ports that are nobody else's
one()
{
	# ssh runs a ProxyCommand, here an sshd, by $SHELL: the client and that sshd are not what is in the container
	timeout -k 5 "${TEST_SECONDS:-150}" unshare --net sh -c '
		ip link set lo up && cd "$1" || exit 99
		exec setpriv --reuid "$2" --regid "$2" --init-groups --reset-env \
			env SHELL=/bin/sh PATH=/usr/sbin:/usr/bin:/sbin:/bin make -s \
			.OBJDIR="$1" .CURDIR="$1" BUILDDIR="$1" OBJ="$1" SUDO= TEST_SHELL=sh TEST_SSH_SSH=ssh \
			TEST_SSH_SSHD="$4" ${5:+"TEST_SSH_SSHD_CONFOPTS=$5"} \
			TEST_SSH_SFTPSERVER=/usr/lib/openssh/sftp-server TEST_SSH_UNSAFE_PERMISSIONS=1 TEST_SSH_ECC=yes \
			LTESTS="$3" t-exec' sh "$@" "$P/bin/$SSHD_SERVICE" "$options" </dev/null 8<&-
}

# by USER: every test, its result in a file of the same name
by()
{
	local user=$1 dir test pids log=$P/private/$1

	# in the home: /tmp is the session's own inside
	dir=$(getent passwd "$user" | cut -d: -f6)/regress
	mkdir "$log" && cp -a "$regress" "$dir" && chown -R "$user:" "$dir" || return
	for test in $tests; do
		[ -e "$regress/$test.sh" ] || continue
		if ! one "$dir" "$user" "$test" >"$log/$test.log" 2>&1; then
			echo fail
		elif grep -q '^SKIPPED' "$log/$test.log"; then
			echo skip
		else
			echo pass
		fi >"$log/$test"
		# a test that failed may leave its sshd, whose files the next one would take for its own
		mapfile -t pids < <(ps -o pid= -U "$user")
		kill_pids "${pids[@]// /}"
		rm -f "$dir/pidfile"
	done
}

by ctestg &
bash=$!
by ctest1
wait "$bash"

# result USER TEST
result()
{
	cat "$P/private/$1/$2" 2>/dev/null || echo none
}

# counts USER
counts()
{
	cat "$P/private/$1"/*[^g] 2>/dev/null | grep -xE 'pass|fail|skip' | sort | uniq -c | awk '{ printf "%s%d %s", sep, $1, $2; sep = ", " }'
}

for test in $tests; do
	case "$(result ctestg "$test") $(result ctest1 "$test") ${differs[$test]:+known}" in
	"none none "*) diag "$test is not in this version of the package" ;;
	"pass pass ") ok "$test" ;;
	"skip skip "*) diag "$test skips itself" ;;
	"pass fail known") ok "$test fails inside, as it has to: ${differs[$test]}" ;;
	"pass pass known") not_ok "$test is known to fail inside" "but passes: take it out of the table" ;;
	"pass "*) not_ok "$test" "passes with bash, and with contained-shell: $(result ctest1 "$test")" "$(tail -n 15 "$P/private/ctest1/$test.log")" ;;
	*) not_ok "$test with bash" "$(result ctestg "$test")" "$(tail -n 15 "$P/private/ctestg/$test.log")" ;;
	esac
done
diag "with bash: $(counts ctestg)" "with contained-shell: $(counts ctest1)"
door_gone "after all of them"
fixture_end
done_testing
