#!/bin/bash
# contained-shell that cannot make a session: nothing of the user's runs, the user reads one calm sentence, the log has
# the reason; root and who is exempt still come in.
. "$(dirname "$0")/../lib/door.sh"
door_start
server=$(ls /usr/lib/openssh/sftp-server /usr/libexec/openssh/sftp-server /usr/lib/ssh/sftp-server 2>/dev/null | head -n 1)
sshd_start "Subsystem sftp $server"
home=$(getent passwd ctest1 | cut -d: -f6)
calm='^This session could not be set up\. Please tell the administrator: [0-9a-f]+-[a-z-]+.?$'

is "before anything is broken, a login works" "$(box ctest1 echo in </dev/null 2>&1)" in

# refused NAME REGEX [STATUS]: by a command, a shell, a terminal, scp
refused()
{
	local name=$1 pattern=$2 status=${3:-125} out card

	rm -f "$home/marker"
	log_mark
	out=$(box ctest1 'touch marker; echo ran' </dev/null 2>&1)
	is "$name: exit status" "$?" "$status"
	like "$name: one calm sentence" "$out" "$calm"
	card=${out##* }
	if log_wait "contained-shell\[[0-9]+\]: .*\[$card\]" >/dev/null; then
		like "$name: the log has the reason under that name" "$(log_since | grep -F "[$card]")" "$pattern"
	else
		not_ok "$name: the log has a line under that name" "$out" "$(log_since | tail -n 5)"
	fi
	is "$name: and in one line" "$(log_since | grep -cF "[$card]")" 1
	printf 'expect administrator\nstatus %s\n' "$status" >"$P/private/steps"
	succeeds "$name: a terminal says the same" sh -c \
		"python3 '$TOP/tests/lib/terminal.py' ssh -tt -F '$SSH_CONFIG' ctest1@box <'$P/private/steps'"
	fails "$name: no scp" scp -q -F "$SSH_CONFIG" /etc/hostname ctest1@box:marker
	fails "$name: no scp -O" scp -q -O -F "$SSH_CONFIG" /etc/hostname ctest1@box:marker
	[ -e "$home/marker" ] && not_ok "$name: nothing runs" "a command ran"
	[ -n "${NOBODY_IS_EXEMPT:-}" ] || is "$name: who is exempt comes in" "$(box ctestx echo in </dev/null 2>&1)" in
	is "$name: root comes in through this shell, too" "$(HOME=/root "$DOOR" -c 'echo in' </dev/null 2>&1)" in
	door_gone "$name"
}


# --- the configuration ------------------------------------------------------------------------------
NOBODY_IS_EXEMPT=1 # exempt_users stands in it
door_conf <<<'pidz = 12'
refused "an unknown key" 'contained\.conf:5: .*pidz.*did you mean.*pids'
door_conf </dev/null
chmod 0666 "$DOOR_CONF"
refused "a file that others may write" 'contained\.conf: .*(write|writable)'
rm -f "$DOOR_CONF"
refused "no file at all" 'contained\.conf: .*No such file'
NOBODY_IS_EXEMPT=

door_conf <<<'shell = /bin/no-such-shell'
refused "a shell that is missing" '/bin/no-such-shell' 127
{ printf '[contained]\nexempt_users = ctestx\n[default]\nlimits = require\npids = 10\n'; } >"$DOOR_CONF"
refused "limits that nobody without root can give" 'hint: .*limits'
door_conf <<<'root = /nonexistent'
refused "a root tree that is missing" '/nonexistent: .*hint: create it'
door_conf </dev/null

# --- the user's groups -------------------------------------------------------------------------------
for group in disk docker; do
	getent group "$group" >/dev/null || { groupadd "$group" && made_group=$group; }
	usermod -a -G "$group" ctest1
	refused "in group $group" "$group: .*hint: take the user out of it"
	gpasswd -d ctest1 "$group" >/dev/null
done
[ -z "${made_group:-}" ] || groupdel "$made_group"

# --- the program --------------------------------------------------------------------------------------
NOBODY_IS_EXEMPT=1 # this comes before the file
chmod u+s "$DOOR"
refused "setuid" 'not to be setuid'
chmod u-s "$DOOR"
chgrp "$GROUP" "$DOOR" && chmod g+s "$DOOR"
refused "setgid" 'not to be setuid or setgid'
chgrp root "$DOOR" && chmod 0755 "$DOOR"
NOBODY_IS_EXEMPT=
mv "$P/libexec/contained-init" "$P/libexec/gone"
refused "contained-init is missing" 'contained-init: .*hint: install'
mv "$P/libexec/gone" "$P/libexec/contained-init"

# --- the kernel -----------------------------------------------------------------------------------------
# in a user namespace that has everybody in it and may have none below: the machine's own limit stays as it is
cat >"$P/private/no_userns.py" <<'PYTHON'
import ctypes, os, sys
uid, gid = int(sys.argv[1]), int(sys.argv[2])
ready, go = os.pipe(), os.pipe()
child = os.fork()
if child == 0:
    assert ctypes.CDLL(None).unshare(0x10000000) == 0  # CLONE_NEWUSER
    os.write(ready[1], b"x")
    os.read(go[0], 1)
    with open("/proc/sys/user/max_user_namespaces", "w") as file:
        file.write("0")
    os.setgroups([gid])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    os.execve(sys.argv[3], sys.argv[3:], {})
os.read(ready[0], 1)
for kind in "uid", "gid":
    with open(f"/proc/{child}/{kind}_map", "w") as file:
        file.write("0 0 4294967295")
os.write(go[1], b"x")
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
PYTHON
log_mark
out=$(python3 "$P/private/no_userns.py" "$(id -u ctest1)" "$(id -g ctest1)" "$DOOR" -c 'echo ran' </dev/null 2>&1)
is "no user namespaces: exit status" "$?" 125
like "no user namespaces: one calm sentence" "$out" "$calm"
log_wait "contained-shell.*\[${out##* }\]" >/dev/null
like "no user namespaces: the log has the reason" "$(log_since | grep -F "[${out##* }]")" 'user namespace.*hint: .*max_user_namespaces'

# what lies below a mount of the host's an overlay could show, which the kernel does not allow
log_mark
out=$(unshare --mount sh -c 'mount --bind /etc/hostname /etc/hostname && exec setpriv --reuid "$1" --regid "$1" --init-groups \
	"$2" -c "echo ran"' sh ctest1 "$DOOR" </dev/null 2>&1)
is "a mount below /etc: exit status" "$?" 125
like "a mount below /etc: one calm sentence" "$out" "$calm"
log_wait "contained-shell.*\[${out##* }\]" >/dev/null
like "a mount below /etc: the log has the reason" "$(log_since | grep -F "[${out##* }]")" \
	'hint: is something mounted below /etc\?'

# --- a chroot of sshd's ---------------------------------------------------------------------------------
jail=$P/jail
mkdir -p "$jail$P" "$jail/etc" "$jail/dev" "$jail/bin" "$jail/home/ctest1" "$jail/proc"
cp -a "$P/bin" "$P/libexec" "$P/etc" "$jail$P/"
getent passwd ctest1 >"$jail/etc/passwd"
getent group ctest1 >"$jail/etc/group"
cp "$(command -v busybox)" "$jail/bin/busybox" && ln -s busybox "$jail/bin/sh" && ln -s busybox "$jail/bin/bash"
chown ctest1: "$jail/home/ctest1"
sshd_stop
sshd_start "Subsystem sftp $server" "ChrootDirectory $jail"
log_mark
out=$(box ctest1 'echo ran >/home/ctest1/marker' </dev/null 2>&1)
is "a chroot without /proc: exit status" "$?" 125
like "a chroot without /proc: one calm sentence" "$out" "$calm"
mount -t proc proc "$jail/proc"
trap 'umount "$jail/proc" 2>/dev/null; fixture_stop' EXIT
out=$(box ctest1 'echo ran >/home/ctest1/marker' </dev/null 2>&1)
is "a chroot: exit status" "$?" 125
like "a chroot: one calm sentence" "$out" "$calm"
umount "$jail/proc"
trap fixture_stop EXIT
[ -e "$jail/home/ctest1/marker" ] && not_ok "a chroot: nothing runs" "the command ran"
# the log's socket is not in there; sshd's own way in, with one that is
log_mark
touch "$jail/dev/log" && mount --bind /dev/log "$jail/dev/log" && mount -t proc proc "$jail/proc"
trap 'umount "$jail/proc" "$jail/dev/log" 2>/dev/null; fixture_stop' EXIT
out=$(box ctest1 true </dev/null 2>&1)
log_wait "contained-shell.*\[${out##* }\]" >/dev/null
like "a chroot: the log has the reason" "$(log_since | grep -F "[${out##* }]")" 'is a chroot.*hint: take ChrootDirectory out'
umount "$jail/proc" "$jail/dev/log"
trap fixture_stop EXIT

fixture_end
done_testing
