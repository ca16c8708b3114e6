#!/bin/bash
# contained check --ssh asks the real sshd. PAM files and accounts lie over the host's in a mount namespace of the
# suite's own.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/lib/sshd.sh
: "${B:=build}"
[ "$(id -u)" -eq 0 ] || {
	skip "needs root" "contained check --ssh asks sshd"
	done_testing
}
if [ -z "${CHECK_INSIDE:-}" ]; then
	CHECK_INSIDE=1 exec unshare -m --propagation private bash "$0"
fi
[ -x "$B/contained" ] || bail "no $B/contained: run make"
[ -n "$(sshd_binary)" ] || bail "no sshd on this machine: make deps"
contained=$(realpath "$B/contained")
work=$(mktemp -d) || bail "no temporary directory"
trap 'rm -rf "$work"' EXIT
chmod 0755 "$work"
mkdir "$work/pam.d"
printf '%s\n' 'root:x:0:0:root:/root:/bin/sh' 'sshd:x:101:65534::/run/sshd:/usr/sbin/nologin' \
	'alice:x:1001:1001::/home/alice:/usr/bin/contained-shell' 'bob:x:1002:1002::/home/bob:/bin/bash' >"$work/passwd"
printf '%s\n' 'root:x:0:' 'alice:x:1001:' 'bob:x:1002:' 'nogroup:x:65534:' >"$work/group"
echo 'passwd: files' >"$work/nsswitch.conf"
echo /bin/sh >"$work/shells"
for file in passwd group nsswitch.conf shells pam.d; do
	[ -e "/etc/$file" ] || bail "this machine has no /etc/$file"
	# gone with this namespace
	mount --bind "$work/$file" "/etc/$file" || bail "cannot mount over /etc/$file"
done
# services of the distribution, and what this machine has for the users of the suite
for directory in /usr/lib/pam.d /var/spool/cron /var/lib/systemd; do
	[ ! -d "$directory" ] || mount -t tmpfs -o mode=0755 tmpfs "$directory" || bail "cannot mount over $directory"
done
# sshd wants its directory, and this machine may have none
mount -t tmpfs -o mode=0755 tmpfs /run && mkdir /run/sshd || bail "no /run/sshd"
ssh-keygen -q -t ed25519 -N '' -C '' -f "$work/key"
printf '[default]\nlimits = try\n' >"$work/contained.conf"
echo 'auth required pam_unix.so' >"$work/pam.d/sshd"

# check USER LINE…: what is told with these lines in sshd's configuration, and the exit status
check()
{
	local user=$1

	shift
	printf '%s\n' "HostKey $work/key" "$@" >"$work/sshd_config"
	# shellcheck disable=SC2086 # no user is no argument
	"$contained" check --ssh --conf "$work/contained.conf" --sshd-config "$work/sshd_config" $user 2>&1
	echo "exit status $?"
}

open=('UsePAM yes' 'X11Forwarding yes' 'GatewayPorts yes' 'PermitTunnel yes' 'Subsystem sftp internal-sftp'
	'PermitUserEnvironment yes' 'AcceptEnv LANG LD_*' 'ChrootDirectory /srv')
# the last two for sshd before 10.0, where DisableForwarding leaves them as they are
closed=('UsePAM yes' 'DisableForwarding yes' 'PermitUserRC no' 'Subsystem sftp /usr/lib/openssh/sftp-server'
	"AuthorizedKeysFile $work/keys/%u" 'X11Forwarding no' 'AllowAgentForwarding no')

said=$(check alice "${open[@]}")
contains "who is contained by what" "$said" 'alice, by ssh: contained by contained-shell, the shell in passwd'
for door in 'allowtcpforwarding yes' 'allowstreamlocalforwarding yes' 'gatewayports yes' 'x11forwarding yes' \
	'allowagentforwarding yes' 'permittunnel yes' 'subsystem sftp internal-sftp' 'permituserrc yes' \
	'permituserenvironment yes' 'acceptenv LD_\*' 'authorizedkeysfile .ssh/authorized_keys'; do
	like "told: $door" "$said" "open: sshd: $door"
done
unlike "AcceptEnv LANG is no door" "$said" 'acceptenv LANG'
like "ChrootDirectory refuses" "$said" 'refuses: sshd: chrootdirectory /srv'
like "doors are open" "$said" '11 doors are open.exit status 1$'

said=$(check alice "${closed[@]}")
like "all doors closed" "$said" '.0 doors are open.exit status 0$'
unlike "none is told then" "$said" 'open: '
like "one that is opened again" "$(check alice 'PermitUserRC yes' "${closed[@]}")" \
	'open: sshd: permituserrc yes.*1 door is open.exit status 1$'

# a block for one of them; what holds for the other is told for the other
block=("${closed[@]}" 'Match User bob' 'ForceCommand /usr/bin/contained-shell')
like "a Match block of another user" "$(check alice "${block[@]}")" '.0 doors are open.exit status 0$'
said=$(check bob "${block[@]}")
contains "a Match block of the user" "$said" 'bob, by ssh: contained by contained-shell, forced by'
like "ForceCommand leaves the shell in passwd outside" "$said" 'open: sshd: forcecommand /usr/bin/contained-shell'
like "a Match block with an address and a port" \
	"$(check bob "${closed[@]}" 'Match User bob LocalPort 22 Address 192.0.2.0/24' 'ForceCommand contained-shell')" \
	'bob, by ssh: contained by'
like "a block for a user is not for an ordinary one" "$(check '' "${closed[@]}" 'Match User alice' 'PermitUserRC yes')" \
	'.0 doors are open.exit status 0$'
like "nothing contains the user" "$(check bob "${closed[@]}")" 'bob, by ssh: not contained.open: PAM: the service sshd'

echo 'session required pam_contained.so exempt=bob' >>"$work/pam.d/sshd"
like "the module holds the whole connection" "$(check alice "${open[@]:0:7}")" \
	'contained by pam_contained.so, /etc/pam.d/sshd:2.*.0 doors are open.exit status 0$'
like "exempt by the PAM line" "$(check bob "${open[@]}")" 'bob, by ssh: not contained.open: PAM: /etc/pam.d/sshd:2 exempts'
like "UsePAM no" "$(check bob 'UsePAM no')" 'open: sshd: usepam no'
like "root is left alone" "$(check root "${closed[@]}")" 'root, by ssh: not contained.open: uid 0.*exit status 1$'
like "sshd does not tell" "$(check alice 'NoSuchOption yes')" 'does not tell its configuration.*sshd -T -f .*exit status 1$'
done_testing
