#!/bin/bash
# contained check asks the real sshd. The PAM files lie over the host's in a mount namespace of the suite's own.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/lib/sshd.sh
: "${B:=build}"
[ "$(id -u)" -eq 0 ] || {
	skip "needs root" "contained check asks sshd"
	done_testing
}
if [ -z "${CHECK_INSIDE:-}" ]; then
	CHECK_INSIDE=1 exec unshare -m --propagation private bash "$0"
fi
[ -x "$B/contained" ] || bail "no $B/contained: run make"
[ -n "$(sshd_binary)" ] || bail "no sshd on this machine: make deps"
contained=$(realpath "$B/contained")
work=$(mktemp -d) || bail "no temporary directory"
trap 'umount /etc/pam.d; rm -rf "$work"' EXIT
chmod 0755 "$work"
mkdir "$work/pam.d"
mount --bind "$work/pam.d" /etc/pam.d || bail "cannot mount over /etc/pam.d"
# sshd wants its directory, and this machine may have none
mount -t tmpfs -o mode=0755 tmpfs /run && mkdir /run/sshd || bail "no /run/sshd"
trap 'umount /run; umount /etc/pam.d; rm -rf "$work"' EXIT
ssh-keygen -q -t ed25519 -N '' -C '' -f "$work/key"
printf '[default]\n' >"$work/contained.conf"

# pam LINE-ARGUMENTS: sshd's service
pam()
{
	printf '%s\n' 'auth required pam_unix.so' "session required pam_contained.so conf=$work/contained.conf $1" \
		>"$work/pam.d/sshd"
}

# check LINE…: the findings with these lines in sshd's configuration
check()
{
	printf '%s\n' "HostKey $work/key" "$@" >"$work/sshd_config"
	"$contained" check --sshd-config "$work/sshd_config" "$work/contained.conf" 2>&1
}

pam ""
is "what fits" "$(check 'UsePAM yes' 'PermitRootLogin prohibit-password')" "$work/contained.conf: no errors
note: sshd is contained: /etc/pam.d/sshd:2: session required pam_contained.so"
like "root kept out, nobody exempt" "$(check 'UsePAM yes' 'PermitRootLogin no')" \
	'warning: sshd: PermitRootLogin is no, and the PAM line of sshd exempts nobody'
like "root kept to commands, nobody exempt" "$(check 'UsePAM yes' 'PermitRootLogin forced-commands-only')" \
	'warning: sshd: PermitRootLogin is forced-commands-only'
check 'UsePAM yes' 'PermitRootLogin no' >/dev/null
is "warnings do not change the exit status" "$?" 0
pam exempt=no-such-user
like "exempt is somebody who is not there" "$(check 'UsePAM yes' 'PermitRootLogin no')" 'warning: sshd: PermitRootLogin'
pam exempt=daemon
unlike "a user exempt" "$(check 'UsePAM yes' 'PermitRootLogin no')" 'warning|could not'
pam exempt_group=daemon
unlike "a group exempt" "$(check 'UsePAM yes' 'PermitRootLogin no')" 'warning|could not'
like "UsePAM no" "$(check 'UsePAM no')" 'warning: sshd: UsePAM is no: pam_contained is never called'
like "ChrootDirectory" "$(check 'UsePAM yes' 'ChrootDirectory /srv')" 'warning: sshd: ChrootDirectory /srv'
like "sshd cannot be asked" "$(check 'NoSuchOption yes')" 'note: sshd could not be asked.*sshd -T -f '
echo 'auth required pam_unix.so' >"$work/pam.d/sshd"
like "its service does not name the module" "$(check 'UsePAM yes' 'PermitRootLogin no')" \
	'note: sshd: its PAM service sshd does not name'
rm "$work/pam.d/sshd"
like "there is no such service" "$(check 'UsePAM yes' 'PermitRootLogin no')" 'note: sshd: its PAM service sshd does not name'
printf '[default]\npidz = 1\n' >"$work/contained.conf"
check 'UsePAM no' >"$work/out"
is "errors decide the exit status" "$?" 1
like "and the host is looked at all the same" "$(cat "$work/out")" 'warning: sshd: UsePAM'
done_testing
