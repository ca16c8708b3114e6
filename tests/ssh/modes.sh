#!/bin/bash
# What is written over a root tree: refused, gone at the end, or kept for one session at a time; and a home that is
# gone at the end.
. "$(dirname "$0")/../lib/fixture.sh"
busybox=$(command -v busybox)
[ -n "$busybox" ] && ! ldd "$busybox" >/dev/null 2>&1 || {
	skip "no static busybox: make deps" "a root tree of busybox"
	done_testing
}
fixture_start
tree=$P/tree
mkdir -p "$tree"/{bin,dev,etc,home,proc,root,run,sys,tmp,usr/bin,var/tmp,open}
cp "$busybox" "$tree/bin/busybox"
for applet in $("$busybox" --list); do
	ln -s busybox "$tree/bin/$applet" 2>/dev/null
done
chmod 1777 "$tree/open"
echo tree >"$tree/open/whose" && chmod 0666 "$tree/open/whose"
usermod -s /bin/sh ctest1
usermod -s /bin/sh ctest2
sshd_start

# mode LINE…: the configuration of what follows
mode()
{
	printf '[default]\nroot = %s\n' "$tree" | cat - <(printf '%s\n' "$@") | conf_write
}

in_box()
{
	box ctest1 "$@" </dev/null 2>&1
}

mode "root_mode = readonly"
contains "readonly: nothing is written" "$(in_box 'echo x >/open/new')" "Read-only"

mode "root_mode = overlay-ephemeral" "root_size = 1M"
is "overlay-ephemeral: the tree seems writable" "$(in_box 'echo x >/open/new; cat /open/new /open/whose; echo y >>/open/whose; cat /open/whose')" \
	$'x\ntree\ntree\ny'
is "and is as it was for the next session" "$(in_box 'ls /open; cat /open/whose')" $'whose\ntree'
is "and on the host" "$(ls "$tree/open"; cat "$tree/open/whose")" $'whose\ntree'
contains "no more than root_size" "$(in_box 'dd if=/dev/zero of=/open/big bs=1M count=80')" "No space left"
is "what is the session's own is right in it" "$(in_box 'id -un; grep -c . /etc/passwd; cat /etc/hostname | grep -c -')" $'ctest1\n3\n1'
contains "what is root's stays so" "$(in_box 'echo x >>/etc/passwd')" "Permission denied"
is "every mount is nosuid" "$(in_box cat /proc/self/mountinfo | awk '$6 !~ /nosuid/ { print $5 }')" ""

kept=$P/kept
mode "root_mode = overlay-kept" "root_kept = $kept/%u"
is "overlay-kept: the tree seems writable" "$(in_box 'echo mine >/open/new; cat /open/new')" mine
is "and is so for the next session" "$(in_box 'cat /open/new')" mine
is "but for nobody else" "$(box ctest2 'ls /open' </dev/null 2>&1)" whose
is "nor on the host" "$(ls "$tree/open")" whose
is "what is kept is root's alone" "$(stat -c '%U %a' "$kept/ctest1")" "root 700"
log_mark
hold ctest1 'exec sleep 300' || bail "a login" "$(cat "$HOLD_LOG")"
box ctest1 true </dev/null >/dev/null 2>&1
is "two sessions do not write the same" "$?" 254
like "and the line says so" "$(log_wait 'pam_contained\(.*ctest1: ')" 'kept: .*another session writes there.*hint: '
is "somebody else's is another" "$(box ctest2 'echo in' </dev/null 2>&1)" in
for watcher in $(session_watchers "$HELD"); do
	kill -KILL "$watcher" 2>/dev/null
done
eventually 2 gone_pids "$HOLD_PID"
release
is "the lock is gone with the session, however it ended" "$(in_box 'echo again')" again
mkdir "$P/loose" && chmod 0777 "$P/loose"
mode "root_mode = overlay-kept" "root_kept = $P/loose/%u"
log_mark
in_box true >/dev/null
is "kept in a place that others may write: refused" "$?" 254
like "and named" "$(log_wait 'pam_contained\(.*ctest1: ')" "kept: $P/loose: .*written by others"

home=$(getent passwd ctest1 | cut -d: -f6)
echo host >"$home/here"
printf '[default]\nhome = ephemeral\nhome_size = 1M\n' | conf_write
usermod -s /bin/bash ctest1
is "an ephemeral home is empty, one's own, and where the home is" "$(in_box 'pwd; ls -A; stat -c "%U %a" .; echo x >new; cat new')" \
	"$home"$'\nctest1 700\nx'
is "and is gone at the end" "$(in_box 'ls -A')" ""
is "the host's is as it was" "$(cat "$home/here")$(ls "$home/new" 2>/dev/null)" host
contains "no more than home_size" "$(in_box 'dd if=/dev/zero of=big bs=1M count=3')" "No space left"

# the filter is there without no_new_privs, too
printf '[default]\nno_new_privs = no\n' | conf_write
is "no_new_privs = no: a filter, and no capability" \
	"$(in_box 'grep -E "^(CapEff|CapPrm|NoNewPrivs|Seccomp):" /proc/self/status' | awk '{ print $2 }' | paste -sd' ')" \
	"0000000000000000 0000000000000000 0 2"

# LXCFS tells of the limits of the control group that asks
if command -v lxcfs >/dev/null; then
	lxcfs_pid=
	if ! mountpoint -q /var/lib/lxcfs; then
		[ -d /var/lib/lxcfs ] || { mkdir /var/lib/lxcfs && made_lxcfs=1; }
		lxcfs /var/lib/lxcfs >"$P/private/lxcfs" 2>&1 8<&- &
		lxcfs_pid=$!
		trap 'kill "$lxcfs_pid" 2>/dev/null; fixture_stop' EXIT
		eventually 5 test -e /var/lib/lxcfs/proc/meminfo || bail "lxcfs" "$(cat "$P/private/lxcfs")"
	fi
	printf '[default]\nmemory = 256M\n' | conf_write
	is "with LXCFS, the memory is the session's" "$(in_box "awk '/^MemTotal/ { print \$2 }' /proc/meminfo")" 262144
	like "and the up-time" "$(in_box 'cut -d. -f1 /proc/uptime')" '^[0-9]$'
	contains "which nobody can write to" "$(in_box 'echo 1 >/proc/uptime')" "Read-only"
	printf '[default]\nmemory = 256M\nlxcfs = off\n' | conf_write
	is "without, it is the host's" "$(in_box "awk '/^MemTotal/ { print \$2 }' /proc/meminfo")" \
		"$(awk '/^MemTotal/ { print $2 }' /proc/meminfo)"
	if [ -n "$lxcfs_pid" ]; then
		kill "$lxcfs_pid" && wait "$lxcfs_pid" 2>/dev/null
		mountpoint -q /var/lib/lxcfs && umount /var/lib/lxcfs
		[ -z "${made_lxcfs:-}" ] || rmdir /var/lib/lxcfs
	fi
else
	skip "no lxcfs: make deps" "with LXCFS, the memory is the session's"
fi

fixture_end
done_testing
