#!/bin/bash
# The module by itself: open and close in every order, its arguments, who is left alone.
. "$(dirname "$0")/../lib/fixture.sh"
command -v pamtester >/dev/null || {
	skip "no pamtester: make deps" "the module under pamtester"
	done_testing
}
fixture_start
conf_write <<END
[contained]
exempt_users = ctest2

[default]

[small]
pids = 40
END

# service NAME ARGUMENTS: a PAM service with our module in the session stack
service()
{
	pam_service "contained-test-$1" "auth required pam_permit.so" "account required pam_permit.so" \
		"session required $MODULE $2"
}
line="conf=$P/contained.conf exempt=ctestx exempt_group=$GROUP"
service plain "$line"
service debug "$line debug"
service profile "$line profile=small"
service no-profile "$line profile=nowhere"
service wrong "$line no_such_argument"
service bare "conf=$P/contained.conf"
service away "conf=$P/not-there.conf exempt=ctestx,root exempt_group=$GROUP,games"

tester()
{
	local name=$1

	shift
	pamtester "contained-test-$name" "$@" 2>&1 </dev/null 8<&-
}

log_mark
succeeds "open and close" tester plain ctest1 open_session close_session
like "the begin is recorded" "$(log_wait ' begin user=ctest1')" 'begin user=ctest1 .*service=contained-test-plain'
like "the end is recorded" "$(log_wait ' end user=ctest1')" 'end user=ctest1 .*service=contained-test-plain'
leftovers_sessions "open and close leave nothing"
succeeds "close twice" tester plain ctest1 open_session close_session close_session
succeeds "close without open" tester plain ctest1 close_session
succeeds "open twice" tester plain ctest1 open_session open_session close_session
tester plain ctest1 open_session >/dev/null
leftovers_sessions "open without close leaves nothing once the process has ended"
succeeds "rhost, tty and ruser of the login" pamtester -I rhost=192.0.2.1 -I tty=/dev/null -I ruser=x \
	contained-test-plain ctest1 open_session close_session
like "rhost is recorded" "$(log_wait 'begin user=ctest1.*192')" 'rhost=192\.0\.2\.1'
log_mark
pamtester -I rhost=$'evil\n<86>forged: line' contained-test-plain ctest1 open_session close_session >/dev/null 2>&1
like "control characters of an rhost are escaped" "$(log_wait ' begin user=ctest1')" 'rhost=evil.*forged'
is "and make no line of their own" "$(log_since | grep -c '^[^ ]*forged\|^forged')" 0

# left_alone NAME SERVICE USER: the session opens, and there is none of ours
left_alone()
{
	log_mark
	succeeds "$1: opens" tester "$2" "$3" open_session close_session
	sleep 0.2
	is "$1: left alone" "$(log_since | grep -cE " begin user=.*service=contained-test-$2( |\$)")" 0
}
left_alone "root" plain root
left_alone "exempt= of the line" plain ctestx
left_alone "exempt_group= of the line" plain ctestg
left_alone "exempt_users of the file" plain ctest2
left_alone "a uid below min_uid" plain daemon
left_alone "root, without any exemption" bare root
left_alone "root, without a file" away root
left_alone "exempt=, without a file" away ctestx
left_alone "exempt_group=, without a file" away ctestg

# refused NAME SERVICE USER REGEX
refused()
{
	log_mark
	fails "$1: refused" tester "$2" "$3" open_session
	like "$1: one line says why" "$(log_wait 'pam_contained\(' | cat; log_since | grep -c 'pam_contained(')" "$4.*"$'\n'1\$
	leftovers_sessions "$1: nothing is left"
}
refused "an unknown argument" wrong ctest1 'no_such_argument'
refused "a profile that is not there" no-profile ctest1 'nowhere'
refused "no file" away ctest1 'not-there\.conf'
refused "a user that is not there" plain nobody-of-that-name 'nobody-of-that-name'
refused "a user name with a slash" plain '../root' 'root'
refused "an option for a name" plain '-rf' 'rf'
log_mark
fails "a name with a line break is refused" tester plain $'ctest1\nforged: line' open_session
is "and forges no line" "$(sleep 0.2; log_since | grep -c '^forged')" 0
fails "an empty name is refused" tester plain '' open_session

succeeds "an unknown argument does not lock root out" tester wrong root open_session close_session
succeeds "an unknown argument does not lock the line's exempt out" tester wrong ctestx open_session close_session

log_mark
tester debug ctestx open_session close_session >/dev/null
succeeds "debug says who is left alone and why" log_wait 'pam_contained.*ctestx: left alone: exempt'

log_mark
succeeds "profile= chooses" tester profile ctest1 open_session close_session
succeeds "and its session ends" log_wait ' end user=ctest1'

fixture_end
done_testing
