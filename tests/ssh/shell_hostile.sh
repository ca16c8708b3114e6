#!/bin/bash
# contained-shell started with what somebody prepared to break it: a session that works or a clear refusal, and never
# half of one.
. "$(dirname "$0")/../lib/door.sh"
door_start
sshd_start
home=$(getent passwd ctest1 | cut -d: -f6)
calm='^This session could not be set up\. Please tell the administrator: [0-9a-f]+-[a-z-]+.?$'

# door COMMAND…: as the user, by hand
door()
{
	(cd / && timeout 20 setpriv --reuid ctest1 --regid ctest1 --init-groups "$@" </dev/null 2>&1 8<&-)
}

# whole NAME STATUS OUTPUT: says "in <card>", or refuses; never anything else
whole()
{
	if [ "$2" -eq 0 ]; then
		like "$1: a session" "$3" "^in ${CARD#^}"
	else
		is "$1: refused with 125" "$2" 125
		like "$1: refused calmly" "$3" "$calm"
	fi
}
probe='echo in $HOSTNAME' # by the shell itself, which may not be allowed to fork

# --- mounts of the host's -------------------------------------------------------------------------
# a chroot that somebody is making: what the user cannot reach needs no hiding, and refuses nobody
mkdir -p "$P/seen/proc" "$P/unseen/proc" && chmod 0700 "$P/unseen"
mount -t proc proc "$P/seen/proc" && mount -t proc proc "$P/unseen/proc"
out=$(door "$DOOR" -c "$probe; ls -A $P/seen/proc; ls $P/unseen 2>/dev/null")
is "a procfs of the host's, behind a directory of root's: exit status" "$?" 2
like "and one in sight is empty inside" "$out" "^in ${CARD#^}"
umount "$P/seen/proc" "$P/unseen/proc"

# --- homes ---------------------------------------------------------------------------------------
rm -f "$home/.bashrc"
mkfifo "$home/.bashrc" "$home/.hushlogin" "$home/.ssh" && chown ctest1: "$home"/.bashrc "$home"/.ssh
out=$(door "$DOOR" -c "$probe")
whole "FIFOs in the home" "$?" "$out"
rm -f "$home/.bashrc" "$home/.hushlogin" "$home/.ssh"

chmod 000 "$home"
out=$(door "$DOOR" -c "$probe")
whole "a home of mode 000" "$?" "$out"
chmod 755 "$home"

mkdir "$home/real" && chown ctest1: "$home" "$home/real"
for target in "$home/real" /etc /root /home/ctest2 /nonexistent; do
	ln -sfn "$target" "$home/link" && chown -h ctest1: "$home/link"
	usermod -d "$home/link" ctest1
	out=$(door "$DOOR" -c "$probe; ls -d /home/ctest2 2>/dev/null; touch /etc/ctest-marker 2>/dev/null; :")
	whole "a home that is the user's symlink to $target" "$?" "$out"
	[ -e /etc/ctest-marker ] && not_ok "a home that is a symlink to $target: nothing is written" "/etc was writable"
	usermod -d "$home" ctest1
done
rm -f /etc/ctest-marker "$home/link"

usermod -d "$home/gone" ctest1
out=$(door "$DOOR" -c "$probe")
whole "a home that is not there" "$?" "$out"
usermod -d "$home" ctest1

mount -t tmpfs -o size=64k,mode=755 ctest-full "$home"
trap 'umount "$home" 2>/dev/null; fixture_stop' EXIT
chown ctest1: "$home"
head -c 1000000 /dev/zero >"$home/full" 2>/dev/null
out=$(door "$DOOR" -c "$probe")
whole "a home that is full" "$?" "$out"
umount "$home"
trap fixture_stop EXIT

# --- words -----------------------------------------------------------------------------------------
control=$'a\nb\tc\033[31m\001\177'
is "control characters and newlines arrive as they are" "$(door "$DOOR" -c 'printf %s "$1"' zero "$control")" "$control"
is "and over ssh" "$(box ctest1 "printf %s '$control'" </dev/null)" "$control"
long=$(head -c 100000 /dev/zero | tr '\0' x)
is "a command of 100 KB" "$(door "$DOOR" -c "x=$long; echo \${#x}")" 100000
is "and over ssh" "$(box ctest1 "x=$long; echo \${#x}" </dev/null)" 100000
is "an empty command" "$(door "$DOOR" -c ''; echo $?)" 0
out=$(door "$DOOR" -c 'echo $#' zero $(seq 2000))
is "2000 arguments are refused" "$?" 125
is "a command that begins with a dash is what bash takes it for" "$(door "$DOOR" -c -x; echo $?)" "$(door bash -c -x; echo $?)"
for words in -c --rcfile --init-file=x -x - -s "-c -c"; do
	# shellcheck disable=SC2086 # words
	out=$(door "$DOOR" $words)
	status=$?
	[[ $words = "-c -c" && $status -eq 127 ]] || is "option $words: exit status 2" "$status" 2
done
out=$(door "$DOOR" $'-\033]0;x\007z')
unlike "what is wrong with an option is told without its control characters" "$out" $'\033'

# --- no program name at all (CVE-2021-4034), a foreign one, closed fds -------------------------------
cat >"$P/private/odd.py" <<'PYTHON'
import ctypes, os, sys
libc = ctypes.CDLL(None)
if sys.argv[1] == "empty":
    argv = (ctypes.c_char_p * 1)(None)
    libc.execve(sys.argv[2].encode(), argv, argv)
elif sys.argv[1] == "closed":
    os.closerange(0, 3)
    os.execve(sys.argv[2], ["contained-shell", "-c", "exit 7"], {})
elif sys.argv[1] == "ignored":
    import signal
    for number in signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 32))
    os.execve(sys.argv[2], ["contained-shell", "-c", "kill -TERM $$; kill -USR1 $$; exit 7"], {})
PYTHON
cp "$P/private/odd.py" "$P/bin/odd.py"
out=$(door /usr/bin/python3 "$P/bin/odd.py" empty "$DOOR")
is "no name of its own: a shell, at its end-of-file" "$?" 0
out=$(door /usr/bin/python3 "$P/bin/odd.py" closed "$DOOR")
status=$?
like "closed standard fds: works or is refused" "$status" '^(7|125)$'
out=$(door /usr/bin/python3 "$P/bin/odd.py" ignored "$DOOR")
is "signals that are blocked: the program has them as usual, but for those that are ignored, as under nohup" "$?" 138
door_gone "odd starts"

# --- limits of the caller ---------------------------------------------------------------------------
for count in 32 24 16 12 8 6 4; do
	out=$(door bash -c "ulimit -n $count; exec $DOOR -c '$probe'")
	whole "$count file descriptors" "$?" "$out"
done
for count in 1 3 5 8 20; do
	out=$(door bash -c "ulimit -u $count; exec $DOOR -c '$probe'")
	whole "$count processes" "$?" "$out"
done
for limit in "-v 20000" "-v 4000" "-s 128" "-f 0" "-t 5"; do
	out=$(door bash -c "ulimit $limit; exec $DOOR -c '$probe'")
	status=$?
	# the kernel may not even start a program in so little
	[ "$status" -gt 128 ] && [[ $limit = -v* ]] && ok "ulimit $limit: not started" && continue
	whole "ulimit $limit" "$status" "$out"
done
out=$(door bash -c "umask 777; exec $DOOR -c '$probe'")
whole "umask 777" "$?" "$out"

# --- the state directory -----------------------------------------------------------------------------
uid=$(id -u ctest1)
rm -rf "/tmp/contained-$uid"
ln -s /etc "/tmp/contained-$uid"
out=$(door "$DOOR" -c "$probe")
whole "the state's place is a symlink" "$?" "$out"
rm -f "/tmp/contained-$uid"
mkdir -m 0777 "/tmp/contained-$uid"
out=$(door "$DOOR" -c "$probe")
whole "the state's place is somebody else's" "$?" "$out"
is "however many sessions, one place in its stead" "$(compgen -G "/tmp/contained-$uid-*" | wc -l)" 1
rm -rf "/tmp/contained-$uid" "/tmp/contained-$uid"-*
is "after all this a login works" "$(box ctest1 echo in </dev/null 2>&1)" in
door_gone "all this"
fixture_end
done_testing
