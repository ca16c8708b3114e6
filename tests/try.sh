#!/bin/bash
# try.sh: one real ssh login into a container on this machine; afterwards nothing of it is left but
# packages that were missing, which it lists. `make try`, as root. On a terminal, you are logged in.
set -u
cd "$(dirname "$0")/.." || exit 1
[ "$(id -u)" -eq 0 ] || {
	echo "make try needs root: it starts an sshd of its own and makes throwaway users" >&2
	exit 1
}
case $(uname -m) in
x86_64) ;;
*) echo "this release knows the system calls of x86_64 only" >&2 && exit 1 ;;
esac

echo "== packages"
packages=$(bash tests/deps.sh try) || exit 1
printf '%s\n' "$packages"

echo "== build"
had_build=
[ -d build ] && had_build=1
forget_build()
{
	[ -n "$had_build" ] || rm -rf build
}
make --no-print-directory private >build.log 2>&1 || {
	cat build.log >&2
	rm -f build.log
	exit 1
}
rm -f build.log

. tests/lib/quiet.sh

echo "== a private sshd on loopback, with a PAM service of its own"
fixture_start
trap 'fixture_stop; forget_build' EXIT
cp "$BUILD/contained.conf" "$P/contained.conf"
log_mark
sshd_start
echo "   session required pam_contained.so conf=…   in the file /etc/pam.d/$SSHD_SERVICE"

scripted='
say() { printf "\n-- %s\n" "$1"; }
say "the hostname is the name of this session";  hostname
say "who";                                       id
say "limits"
ulimit -a | grep -E "open files|core file"
for file in /sys/fs/cgroup/{pids/,}pids.max /sys/fs/cgroup/{memory/memory.limit_in_bytes,memory.max}; do
	[ ! -e "$file" ] || printf "%-34s %s\n" "${file##*/}" "$(cat "$file")"
done
say "capabilities, privileges, system calls";    grep -E "^(Cap|NoNewPrivs|Seccomp:)" /proc/self/status
say "every process there is";                    ps -e -o pid,user,comm
say "what cannot be seen"
printf "other homes:      "; ls /home | grep -vxF "$USER" | tr "\n" " "; echo "(of '"$(find /home -mindepth 1 -maxdepth 1 | wc -l)"' homes on the host)"
printf "other users:      "; ls /run/user 2>/dev/null | grep -vxF "$(id -u)" | tr "\n" " "; echo
printf "the shadow file:  "; cat /etc/shadow 2>&1 | head -n 1
printf "network:          "; cut -d: -f1 -s /proc/net/dev | tr "\n" " "; echo
say "what is refused"
for try in "unshare -U true" "mount -t tmpfs none /tmp" "chmod u+s $HOME/.profile" "touch /usr/x" "dmesg" \
	"hostname other"; do
	printf "%-26s " "$try"; $try 2>&1 | head -n 1 | cut -c1-90
done
'
echo "== ssh ctest1@127.0.0.1 -p $SSH_PORT"
box ctest1 "$scripted"
status=$?
[ "$status" -eq 0 ] || not_ok "the login" "exit status $status" "$(log_since)"

if [ -t 0 ] && [ -t 1 ]; then
	echo
	echo "== now you: look around; exit ends it"
	# not by box(): its timeout takes ssh away from the terminal, and a person takes their time
	ssh -t -F "$SSH_CONFIG" ctest1@box
fi

echo
echo "== on the host, in syslog"
eventually 5 sessions_gone
log_since | grep -E 'contained(\[[0-9]+\])?: |Disconnected' | sed 's/^/   /'

fixture_end
forget_build
trap - EXIT
echo "== afterwards"
if [ "$tap_failed" -eq 0 ]; then
	echo "   no user, mount, cgroup, process or file of it is left"
else
	echo "   see above: something did not work, or was left"
fi
grep -q '^installed' <<<"$packages" && printf '   packages that were installed and stay:\n%s\n' \
	"$(sed -n '/^installed/,$p' <<<"$packages" | tail -n +2)"
[ "$tap_failed" -eq 0 ]
