#!/bin/bash
# The configurations of conf/examples, as they are: each holds what its comments promise.
. "$(dirname "$0")/../lib/fixture.sh"
fixture_start
made=()
pids=()
clean()
{
	local i

	kill_pids "${pids[@]}"
	pids=()
	rm -f /run/munge/contained-test.sock /run/mysqld/contained-test.sock
	for ((i = ${#made[@]} - 1; i >= 0; i--)); do
		rm -rf "${made[i]}"
	done
	made=()
}
trap 'clean; fixture_stop' EXIT

# place DIR [OWNER]: made where there is none, and removed at the end
place()
{
	local parent

	[ ! -e "$1" ] || return 0
	parent=$(dirname "$1")
	[ -d "$parent" ] || place "$parent"
	mkdir "$1" && made+=("$1") && chown "${2:-root}" "$1"
}

# serve DIR: a server with a unix socket in it
serve()
{
	place "$1"
	python3 "$TOP/tests/lib/answer.py" "$1/contained-test.sock" "from $1" >/dev/null 8<&- &
	pids+=($!)
	eventually 5 test -S "$1/contained-test.sock" || bail "no server in $1"
}

in_box()
{
	box ctest1 "$@" </dev/null 2>&1
}

for user in ctest1 ctest2; do
	place "/scratch/$user" "$user"
	place "/srv/www/$user" "$user"
	install -o "$user" -m 0644 /dev/null "/srv/www/$user/index.html"
done
place "/var/log"
serve /run/munge
serve /run/mysqld
for file in "$TOP"/conf/examples/*.conf; do
	succeeds "contained check of $(basename "$file")" "$BUILD/contained" check "$file"
done
sshd_start

# the limits of a login that is held, by the files that any cgroup version has for them
limit_of()
{
	local file

	for file in "$@"; do
		find "$LEFT_CGROUPS" -path "*/contained/$HELD/$file" -exec cat {} \; 2>/dev/null
	done | head -n 1
}

# --- hpc-login.conf -----------------------------------------------------------------------------------
conf_write <"$TOP/conf/examples/hpc-login.conf"
log_mark
is "hpc: the scratch is the host's, writable" "$(in_box 'echo data >/scratch/ctest1/f; cat /scratch/ctest1/f')$(cat /scratch/ctest1/f)" datadata
[ "$tap_failed" -eq 0 ] || diag "$(log_since)"
contains "hpc: another's is not" "$(in_box 'touch /scratch/ctest2/f')" "cannot touch"
contains "hpc: nor is the rest" "$(in_box 'touch /scratch/f /opt/f')" "cannot touch"
is "hpc: munge answers" "$(in_box "python3 $P/bin/answer.py /run/munge/contained-test.sock")" "from /run/munge"
is "hpc: no other service of /run" "$(in_box 'ls -d /run/mysqld /run/dbus /run/systemd 2>/dev/null')" ""
is "hpc: the network is the host's" "$(in_box 'readlink /proc/self/ns/net')" "$(readlink /proc/self/ns/net)"
is "hpc: set_mempolicy is there" "$(in_box "python3 -c '
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
print(libc.syscall(238 if __import__(\"platform\").machine() == \"x86_64\" else 237, 0, None, 0))'")" 0
hold ctest1 'exec sleep 300' || bail "a login" "$(cat "$HOLD_LOG")"
is "hpc: pids" "$(limit_of pids.max)" 2048
is "hpc: memory" "$(limit_of memory.limit_in_bytes memory.max)" $((16 << 30))
release
is "hpc: open files" "$(in_box 'ulimit -n')" 4096

# --- web-hosting.conf ----------------------------------------------------------------------------------
conf_write <"$TOP/conf/examples/web-hosting.conf"
log_mark
is "web: one's own site is writable, and is the host's" "$(in_box 'echo new >/srv/www/ctest1/index.html')$(cat /srv/www/ctest1/index.html)" new
[ "$tap_failed" -eq 0 ] || diag "$(log_since)"
is "web: of the sites and homes, one's own alone are there" "$(in_box 'ls /srv/www /home')" $'/home:\nctest1\n\n/srv/www:\nctest1'
contains "web: nothing else is writable" "$(in_box 'touch /srv/f /srv/www/f /opt/f')" "cannot touch"
is "web: the database answers" "$(in_box "python3 $P/bin/answer.py /run/mysqld/contained-test.sock")" "from /run/mysqld"
is "web: the host's logs are not there" "$(in_box 'ls -A /var/log')" ""
is "web: no network but loopback" "$(in_box 'ls /sys/class/net')" lo
echo "put $P/contained.conf /srv/www/ctest1/put" >"$P/private/batch"
succeeds "web: sftp brings a file" sftp -q -F "$SSH_CONFIG" -b "$P/private/batch" ctest1@box
is "web: which is there" "$(stat -c %U /srv/www/ctest1/put)" ctest1
hold ctest1 'exec sleep 300' || bail "a login" "$(cat "$HOLD_LOG")"
is "web: pids" "$(limit_of pids.max)" 64
is "web: memory" "$(limit_of memory.limit_in_bytes memory.max)" $((512 << 20))
release

clean
fixture_end
done_testing
