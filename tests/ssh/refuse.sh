#!/bin/bash
# A set-up that fails: nothing of the user's runs, in no way; one line in the log says why; the
# administrator still comes in.
. "$(dirname "$0")/../lib/fixture.sh"
fixture_start
conf_write <<END
[default]
END
sshd_start
home=$(getent passwd ctest1 | cut -d: -f6)
answer=$P/bin/answer.py

is "before anything is broken, a login works" "$(box ctest1 echo in </dev/null 2>&1)" in

refusals()
{
	log_since | grep -E 'pam_contained\([^)]*:session\)' | grep -E 'ctest1: ' | grep -vE ': debug: '
}

# refused NAME REGEX: a command exits 254, nothing ran, one line says what REGEX says
refused()
{
	local name=$1 pattern=$2 lines

	rm -f "$home/marker"
	log_mark
	box ctest1 'touch marker; echo ran' </dev/null >"$P/private/out" 2>&1
	is "$name: exit status 254" "$?" 254
	[ -e "$home/marker" ] && not_ok "$name: nothing runs" "the command ran: $(cat "$P/private/out")"
	eventually 3 log_has 'pam_contained\('
	lines=$(refusals)
	is "$name: one line in the log" "$(grep -c . <<<"$lines")" 1
	like "$name: it says why" "$lines" "$pattern"
	is "$name: root comes in" "$(box root echo in </dev/null 2>&1)" in
	is "$name: the PAM line's exempt comes in" "$(box ctestx echo in </dev/null 2>&1)" in
	leftovers_sessions "$name: nothing is left of it"
}

# --- one failure in depth: every way in ---------------------------------------------------------
conf_write <<END
[default]
memory = 64M
pidz = 12
END
refused "an unknown key" 'contained\.conf:3: .*pidz.*did you mean.*pids'
is "the PAM line's exempt group comes in" "$(box ctestg echo in </dev/null 2>&1)" in

rm -f "$home/marker"
printf 'expect .\nstatus 254\n' >"$P/private/steps"
ssh_tty()
{
	python3 "$TOP/tests/lib/terminal.py" -t 15 ssh -tt -F "$SSH_CONFIG" ctest1@box <"$P/private/steps"
}
echo 'status 254' >"$P/private/steps"
if transcript=$(ssh_tty 2>&1); then ok "an interactive shell: exit status 254"; else
	not_ok "an interactive shell: exit status 254" "$transcript"; fi
echo 'put /etc/hostname marker' >"$P/private/batch"
fails "sftp is refused" sftp -q -F "$SSH_CONFIG" -b "$P/private/batch" ctest1@box
fails "scp is refused" scp -q -F "$SSH_CONFIG" /etc/hostname ctest1@box:marker
fails "scp -O is refused" scp -O -q -F "$SSH_CONFIG" /etc/hostname ctest1@box:marker
if [ -e "$home/marker" ]; then not_ok "no file arrived"; else ok "no file arrived"; fi

# with -N the connection may stay, and nothing goes through it
port=$((SSH_PORT + 1))
python3 "$answer" "$port" "from the host" >"$P/private/host" 8<&- &
listener=$!
eventually 5 test -s "$P/private/host"
is "the host's listener answers on the host" "$(python3 "$answer" "$port")" "from the host"
ssh -F "$SSH_CONFIG" -n -N -L $((port + 1)):127.0.0.1:"$port" -R $((port + 2)):127.0.0.1:"$port" \
	-o ExitOnForwardFailure=no ctest1@box >"$P/private/n" 2>&1 8<&- &
client=$!
sleep 1.5
fails "-N -L: nothing comes back" python3 "$answer" $((port + 1))
fails "-N -R: no listener on the host" python3 "$answer" $((port + 2))
kill "$client" "$listener" 2>/dev/null
wait "$client" "$listener" 2>/dev/null

# --- each way to break a file or a host -----------------------------------------------------------
conf_write <<END
[default]
pids = 12abc
END
refused "a number with trailing text" 'contained\.conf:2: pids.*12abc'

conf_write <<END
[default]
pids = 12
pids = 13
END
refused "a key twice" 'contained\.conf:3: .*pids'

conf_write <<END
[default]
pids = 12
[default]
END
refused "a section twice" 'contained\.conf:3: .*default'

rm "$P/contained.conf" && mkfifo "$P/contained.conf" && chmod 0644 "$P/contained.conf"
refused "a FIFO" 'contained\.conf.*(FIFO|pipe|regular)'
rm "$P/contained.conf" && mkdir "$P/contained.conf"
refused "a directory" 'contained\.conf.*directory'
rmdir "$P/contained.conf"
refused "no file" 'contained\.conf.*No such file'
conf_write <<END
[default]
END
chmod 0666 "$P/contained.conf"
refused "a file that others may write" 'contained\.conf.*(writ|mode)'
chmod 0644 "$P/contained.conf"
chown ctest1 "$P/contained.conf"
refused "a file of another owner" 'contained\.conf.*(owner|owned|root)'
chown root "$P/contained.conf"

conf_write <<END
[default]
root = /nowhere/at-all
END
refused "a root tree that is not there" '/nowhere/at-all.*No such file'

conf_write <<END
[default]
memory = 64M
END
mv "$P/libexec/contained-init" "$P/libexec/away"
refused "no contained-init" 'contained-init.*No such file'
mv "$P/libexec/away" "$P/libexec/contained-init"

is "with everything mended, a login works again" "$(box ctest1 echo in </dev/null 2>&1)" in

fixture_end
done_testing
