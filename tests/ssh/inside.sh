#!/bin/bash
# What a session is from within: its name, its view of processes and files, its privileges, what is
# refused and what works.
. "$(dirname "$0")/../lib/fixture.sh"
fixture_start
conf_write <<END
[default]
network = none
END
sshd_start
home=$(getent passwd ctest1 | cut -d: -f6)
other=$(getent passwd ctest2 | cut -d: -f6)
uid=$(id -u ctest1)
echo secret >"$other/secret"
echo host >/tmp/contained-test-marker
trap 'rm -f /tmp/contained-test-marker; fixture_stop' EXIT
sleep 98765 8<&- &
marker=$!

in_box()
{
	box ctest1 "$@" </dev/null 2>&1
}

# --- identity -----------------------------------------------------------------------------------
major='fool|magician|high-priestess|empress|emperor|hierophant|lovers|chariot|strength|hermit|wheel|justice'
major+='|hanged-man|death|temperance|devil|tower|star|moon|sun|judgment|world'
minor='(ace|two|three|four|five|six|seven|eight|nine|ten|page|knight|queen|king)-of-(swords|wands|pentacles|cups)'
log_mark
hold ctest1 'exec sleep 300' || bail "a login" "$(cat "$HOLD_LOG")"
like "the hostname is a card" "$HELD" "^[0-9a-f]{5,}-($major|$minor)\$"
unlike "the host's own name is what it was" "$(hostname)" "^$HELD\$"
is "the state directory has that name" "$(session_names)" "$HELD"
is "the control groups have that name" "$(left_cgroups | grep '/contained/' | sed 's|.*/||' | sort -u)" "$HELD"
is "the card resolves inside" "$(in_box 'getent hosts "$(hostname)" | grep -cE "127\.0\.0\.1|::1"')" 1
is "who one is" "$(in_box 'id -un; id -u; id -gn; echo $HOME; pwd')" \
	"ctest1"$'\n'"$uid"$'\n'"ctest1"$'\n'"$home"$'\n'"$home"
like "the begin is in the log" "$(log_wait "contained.*: $HELD begin ")" \
	"contained(\[[0-9]+\])?: $HELD begin user=ctest1 uid=$uid service=$SSHD_SERVICE .*rhost=127\.0\.0\.1"

# --- on the host: the processes behind it ---------------------------------------------------------
monitor=$(held_monitor)
child=$(held_child)
first=$(session_init "$HELD")
caps_of()
{
	sed -nE 's/^Cap(Inh|Prm|Eff|Bnd|Amb):\s*//p' "/proc/$1/status" | sort -u
}
field_of()
{
	sed -nE "s/^$2:\s*//p" "/proc/$1/status"
}

for process in "$child sshd's user child" "$(pgrep -u ctest1 -x sleep | head -n 1) the user's program"; do
	pid=${process%% *} name=${process#* }
	is "$name: no capability in any set" "$(caps_of "$pid")" 0000000000000000
	is "$name: no_new_privs" "$(field_of "$pid" NoNewPrivs)" 1
	is "$name: a seccomp filter" "$(field_of "$pid" Seccomp)" 2
done
is "PID 1: no_new_privs" "$(field_of "$first" NoNewPrivs)" 1
is "sshd's monitor can gain nothing: its bounding set is empty" "$(field_of "$monitor" CapBnd)" 0000000000000000

# host_reach PID: its fds that are a directory, or lead to procfs, cgroupfs, sysfs or /run of the host
host_reach()
{
	local fd target type

	for fd in "/proc/$1"/fd/*; do
		target=$(readlink "$fd") || continue
		type=$(stat -L -f -c %T "$fd" 2>/dev/null)
		case "$(stat -L -c %F "$fd" 2>/dev/null):$type:$target" in
		directory:*) echo "${fd##*/} is a directory: $target" ;;
		*:proc:* | *:sysfs:* | *:cgroup*:*) echo "${fd##*/} is on $type: $target" ;;
		*:/run/* | *:/proc/* | *:/sys/*) echo "${fd##*/} leads to $target" ;;
		esac
	done
}
is "sshd's user child holds no fd that reaches the host" "$(host_reach "$child")" ""
is "sshd's monitor holds no directory of the host" "$(host_reach "$monitor")" ""
is "PID 1 holds no fd that reaches the host" "$(host_reach "$first")" ""
for ns in mnt pid net uts ipc cgroup; do
	unlike "the user's child is in another $ns namespace" \
		"$(readlink "/proc/$child/ns/$ns")" "^$(sed 's/[][]/\\&/g' <<<"$(readlink "/proc/self/ns/$ns")")\$"
done
for watcher in $(session_watchers "$HELD"); do
	is "the watcher $(cat "/proc/$watcher/comm") is outside" "$(readlink "/proc/$watcher/ns/pid")" \
		"$(readlink /proc/self/ns/pid)"
done

# internal-sftp runs in sshd's own code, as the user
mkfifo "$P/private/sftp-in"
sftp -q -F "$SSH_CONFIG" ctest2@box <"$P/private/sftp-in" >/dev/null 2>&1 8<&- &
sftp=$!
exec 7>"$P/private/sftp-in"
eventually 5 child_of ctest2 internal-sftp
sleep 0.5
server=$(child_of ctest2 internal-sftp | head -n 1)
if [ -n "$server" ]; then
	is "internal-sftp: no capability in any set" "$(caps_of "$server")" 0000000000000000
	is "internal-sftp: no_new_privs, a filter" "$(field_of "$server" NoNewPrivs)$(field_of "$server" Seccomp)" 12
	is "internal-sftp: no fd that reaches the host" "$(host_reach "$server")" ""
else
	not_ok "internal-sftp: found" "$(ps -f -U ctest2)"
fi
exec 7>&-
wait "$sftp" 2>/dev/null

release
like "the end is in the log" "$(log_wait "contained.*: $HELD end ")" \
	"$HELD end user=ctest1 .*seconds=[0-9]+ memory_peak=[1-9][0-9]* cpu_[a-z]+=[0-9.]+ oom_kills=0 pids_refused=0"
succeeds "sshd's own disconnect line is in the log" log_wait 'Disconnected from user ctest1|Connection closed by .*127'
box ctest1 true </dev/null
succeeds "and after an orderly end, too" log_wait 'Disconnected from user ctest1'

# --- from within ------------------------------------------------------------------------------------
like "capabilities: all zero" "$(in_box grep Cap /proc/self/status | awk '{ print $2 }' | sort -u)" '^0+$'
is "no_new_privs and seccomp" "$(in_box 'grep -E "^(NoNewPrivs|Seccomp):" /proc/self/status' | awk '{ print $2 }' | paste -sd' ')" "1 2"

processes=$(in_box 'ps -e -o pid=,comm=')
is "PID 1 is contained-init" "$(awk '$1 == 1 { print $2 }' <<<"$processes")" contained-init
unlike "the host's processes are not there" "$(in_box 'ps -e -o args=')" 'sleep 98765|contained-watch|contained-twin|syslog\.py'
is "nothing but the session's own" "$(awk '$1 > 60' <<<"$processes")" ""
is "/proc has no other entry" "$(in_box 'ls -d /proc/[0-9]* | wc -l | awk "{ print (\$1 < 12) }"')" 1

is "/home holds one's own home alone" "$(in_box ls -A "$(dirname "$home")")" "$(basename "$home")"
contains "another user's file is not there" "$(in_box cat "$other/secret")" "No such file"
unlike "/root is covered" "$(in_box 'ls -A /root')" '\.bashrc|\.profile|\.ssh'
is "/run/user holds one's own directory at most" "$(in_box 'ls -A /run/user 2>/dev/null' | grep -vxF "$uid")" ""
is "the host's /tmp is not there" "$(in_box 'ls -A /tmp /var/tmp' | grep -v ':$' | grep -c contained-test-marker)" 0
is "the host's /run is not there" "$(in_box 'ls -d /run/dbus /run/systemd /run/sshd 2>/dev/null')" ""
is "of /run/contained, a session sees its own name alone" \
	"$(in_box 'ls -A /run/contained; [ "$(cat /run/contained/session)" = "$(hostname)" ] && echo own')" $'session\nown'
is "a file made in /tmp stays inside" "$(in_box 'touch /tmp/contained-inside && ls /tmp')$(ls -d /tmp/contained-inside 2>/dev/null)" contained-inside
is "one's own home is writable, and is the host's" "$(in_box 'echo kept >kept && cat kept')$(cat "$home/kept")" keptkept
for dir in / /usr /etc /var /opt /srv /home /boot; do
	[ -d "$dir" ] || continue
	contains "$dir is read-only" "$(in_box "touch $dir/contained-test")" "cannot touch"
done
contains "the shadow file is masked" "$(in_box 'cat /etc/shadow; echo "($?)"')" "Permission denied"
is "no host key can be read" "$(in_box 'cat /etc/ssh/ssh_host_*_key' | grep -c 'PRIVATE KEY')" 0
is "/dev is minimal" "$(in_box 'ls /dev' | grep -vxE 'console|core|fd|full|log|mqueue|null|ptmx|pts|random|shm|stderr|stdin|stdout|tty|urandom|zero')" ""
is "no block device can be seen" "$(in_box 'find /dev -type b')" ""
is "every mount is nosuid" "$(in_box cat /proc/self/mountinfo | awk '$6 !~ /nosuid/ { print $5 }')" ""
is "every mount outside /dev is nodev" "$(in_box cat /proc/self/mountinfo | awk '$5 !~ /^\/dev(\/|$)/ && $6 !~ /nodev/ { print $5 }')" ""
is "nothing propagates from or to the host" "$(in_box cat /proc/self/mountinfo | grep -E ' (shared|master):')" ""
is "passwd knows oneself" "$(in_box getent passwd ctest1 | cut -d: -f1,3)" "ctest1:$uid"
is "sudo and su are without effect" "$(in_box 'su -c id root </dev/null' | grep -c 'uid=0')" 0

# --- refused, and working ---------------------------------------------------------------------------
adopt "refused" < <(box ctest1 "$PROBE" escape </dev/null 2>&1)
adopt "works" < <(box ctest1 "$PROBE" works </dev/null 2>&1)
contains "unshare -U" "$(in_box unshare -U true)" "Operation not permitted"
contains "mount" "$(in_box mount -t tmpfs none /tmp)" "mount"
contains "chmod u+s" "$(in_box 'cp /bin/true t && chmod u+s t; rm -f t')" "Operation not permitted"
contains "sethostname" "$(in_box hostname other)" "hostname"
contains "dmesg" "$(in_box dmesg)" "Operation not permitted"

if command -v vim >/dev/null; then
	is "vim" "$(in_box 'printf "a\nb\n" >v && vim -es -u NONE -c "%s/b/c/|wq" v </dev/null; cat v')" $'a\nc'
else
	skip "no vim: make deps" "vim"
fi
is "python3, with threads and subprocesses" "$(in_box 'python3 -c "
import subprocess, threading
t = threading.Thread(target=lambda: print(subprocess.run([\"echo\", \"from python\"], capture_output=True, text=True).stdout.strip()))
t.start(); t.join()"')" "from python"
printf '#include <stdio.h>\nint main(void) { puts("built"); return 0; }\n' >"$home/p.c"
is "gcc compiles, and what it made runs" "$(in_box 'gcc -o p p.c && ./p')" built
if command -v git >/dev/null; then
	is "git commits" "$(in_box 'git init -q g && cd g && echo x >f && git add f &&
		git -c user.name=t -c user.email=t@t commit -qm one && git log --format=%s')" one
else
	skip "no git: make deps" "git commits"
fi
if command -v rsync >/dev/null; then
	is "rsync -a of a setgid directory" "$(in_box 'mkdir -p a/d && chmod 2775 a/d && rsync -a a/ b/ && stat -c %a b/d')" 2775
else
	skip "no rsync: make deps" "rsync -a of a setgid directory"
fi
is "chmod 755 on a 2775 directory" "$(in_box 'mkdir -p c && chmod 2775 c && chmod 755 c && stat -c %a c')" 2755
is "tar keeps modes" "$(in_box 'mkdir -p e && chmod 750 e && tar cf - e | (mkdir -p x && cd x && tar xpf -) && stat -c %a x/e')" 750

# --- who is left alone ------------------------------------------------------------------------------
for user in root ctestx ctestg; do
	is "$user is left alone" "$(box "$user" 'hostname; readlink /proc/self/ns/mnt' </dev/null)" \
		"$(hostname)"$'\n'"$(readlink /proc/self/ns/mnt)"
done

kill "$marker"
wait "$marker" 2>/dev/null
rm -f /tmp/contained-test-marker
fixture_end
done_testing
