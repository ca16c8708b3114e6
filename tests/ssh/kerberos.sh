#!/bin/bash
# Kerberos caches: what KRB5CCNAME of the PAM environment names is there inside when it is the user's own, and
# nothing else is.
. "$(dirname "$0")/../lib/fixture.sh"
fixture_start
conf_write <<END
[default]
END
sshd_start
uid=$(id -u ctest1)
other=$(getent passwd ctest2 | cut -d: -f6)
work=/tmp/contained-test-krb
trap 'rm -rf "$work" "$work"-*; fixture_stop' EXIT

# before our line, as pam_krb5 or pam_sss stand there; what is set is up to each test
sed -i "s|^session .*$MODULE.*|session required pam_env.so envfile=$P/krb.env\n& debug|" "/etc/pam.d/$SSHD_SERVICE"

# with NAME COMMAND: a login whose KRB5CCNAME is that
with()
{
	echo "KRB5CCNAME=$1" >"$P/krb.env"
	log_mark
	box ctest1 "$2" </dev/null 2>&1
}

# own_file PATH [USER]
own_file()
{
	echo "ticket of ${2:-ctest1}" >"$1" && chown "${2:-ctest1}:" "$1" && chmod 0600 "$1"
}

own_file "$work-cc"
is "FILE: is there, under its name" "$(with "FILE:$work-cc" 'echo $KRB5CCNAME; cat "${KRB5CCNAME#FILE:}"')" \
	"FILE:$work-cc"$'\n'"ticket of ctest1"
is "it is all there is" "$(with "FILE:$work-cc" 'ls /tmp')" "${work#/tmp/}-cc"
is "it is writable" "$(with "FILE:$work-cc" "echo new >$work-cc && cat $work-cc")" new
is "the host has what was written" "$(cat "$work-cc")" new
is "without a prefix" "$(with "$work-cc" "cat $work-cc")" new
contains "it is nosuid, nodev, noexec" "$(with "FILE:$work-cc" "grep -F ' $work-cc ' /proc/self/mountinfo")" \
	"rw,nosuid,nodev,noexec"

mkdir -m 0700 "$work"
chown ctest1: "$work"
own_file "$work/tkt"
is "DIR: the directory" "$(with "DIR:$work" "cat $work/tkt && touch $work/tkt2 && ls $work")" \
	$'ticket of ctest1\ntkt\ntkt2'
is "DIR:: one cache of it" "$(with "DIR::$work/tkt" "cat $work/tkt; ls $work")" $'ticket of ctest1\ntkt\ntkt2'
made=()
for dir in /run/user "/run/user/$uid"; do
	[ -d "$dir" ] || { mkdir -m 0755 "$dir" && made=("$dir" "${made[@]}"); }
done
chown ctest1: "/run/user/$uid"
own_file "/run/user/$uid/krb5cc"
is "below /run/user/UID" "$(with "FILE:/run/user/$uid/krb5cc" "cat /run/user/$uid/krb5cc; ls /run/user/$uid")" \
	$'ticket of ctest1\nkrb5cc'
rm -f "/run/user/$uid/krb5cc"
[ ${#made[@]} -eq 0 ] || rmdir "${made[@]}"

# absent NAME KRB5CCNAME PATH: the login works, and the path is not there; the module says so, at priority debug
absent()
{
	is "$1: not there" "$(with "$2" "test -e $3 && echo there; echo in")" in
	eventually 3 log_has 'ctest1: KRB5CCNAME names no cache' && ok "$1: said for debug" || not_ok "$1: said for debug"
}
own_file "$work-other" ctest2
chmod 0666 "$work-other"
absent "somebody else's file" "FILE:$work-other" "$work-other"
ln -s "$work-cc" "$work-link"
absent "a symbolic link" "FILE:$work-link" "$work-link"
chown -h ctest1: "$work-link"
absent "a symbolic link of the user's own" "FILE:$work-link" "$work-link"
own_file "$work-two"
ln "$work-two" "$work-twin"
absent "a file with two names" "FILE:$work-two" "$work-two"
own_file "$other/cc"
chmod 0755 "$other"
absent "a path in somebody's home" "FILE:$other/cc" "$other/cc"
absent "a path that climbs" "FILE:/tmp/..$other/cc" "$other/cc"
absent "all of /tmp" "DIR:/tmp" "$work-other"
absent "a file that is missing" "FILE:$work-none" "$work-none"
rm -f "$other/cc"
is "another kind of cache leaves the login alone" "$(with "KEYRING:persistent:$uid" 'echo $KRB5CCNAME')" \
	"KEYRING:persistent:$uid"
: >"$P/krb.env"
log_mark
is "without any, a login works" "$(box ctest1 'echo in' </dev/null 2>&1)" in
fails "and nothing is said" log_has 'KRB5CCNAME'

rm -rf "$work" "$work"-*
fixture_end
done_testing
