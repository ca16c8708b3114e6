#!/bin/bash
# contained-shell as the login shell, on a terminal: job control, keys, windows, profiles; by ssh and by su.
. "$(dirname "$0")/../lib/door.sh"
door_start
sshd_start
home=$(getent passwd ctest1 | cut -d: -f6)

# talk NAME COMMAND… < steps
talk()
{
	local name=$1 transcript

	shift
	if transcript=$(python3 "$TOP/tests/lib/terminal.py" -t 15 "$@" 2>&1); then
		ok "$name"
	else
		not_ok "$name" "$(tr -d '\r' <<<"$transcript" | tail -n 25)"
	fi
}

by_ssh=(ssh -tt -F "$SSH_CONFIG" ctest1@box)
by_su=(su - ctest1)
# what is typed is echoed too: the quotes keep the echo from looking like the answer
prompt="send PS1='REA''DY> '
expect READY> "

job_control="$prompt
send sleep 100 &
expect \[1\] [0-9]+
send jobs
expect Running +sleep 100
send fg
expect sleep 100
pause 0.3
key Z
expect Stopped +sleep 100
send bg
expect sleep 100 &
send kill %1; wait %1; echo killed=\$?
expect killed=143
send sh -c 'echo run''ning; exec sleep 100'
expect running
key C
expect READY>
send echo interrupted=\$?
expect interrupted=130
send sh -c 'echo quit''ting; exec sleep 100'
expect quitting
key 28
expect READY>
send echo quit=\$?
expect quit=131
send sh -c 'echo read''ing; exec cat'
expect reading
key D
expect READY>
send vi''m --version | head -n 1 | cut -c1-3
expect VIM
send exit 9
status 9"

window="$prompt
send stty size
expect 24 80
resize 50 132
send stty size
expect 50 132
send python3 -c \"import os; print('py', *os.get_terminal_size())\"
expect py 132 50
send sh -c 'trap \"echo told; exit 0\" WINCH; echo wait''ing; while :; do sleep 0.1; done'
expect waiting
resize 30 90
expect told
send exit 0
status 0"

for how in by_ssh by_su; do
	declare -n way=$how
	talk "$how: job control, ^Z, fg, bg, ^C, ^\\, ^D" "${way[@]}" <<<"$job_control"
	talk "$how: a new size arrives, and programs are told" "${way[@]}" <<<"$window"
	talk "$how: the terminal is the user's, known by name, and all three fds" "${way[@]}" <<-END
		$prompt
		send tty
		expect /dev/(pts/[0-9]+|console|tty[0-9]*)
		send test -t 0 && test -t 1 && test -t 2 && echo all" "three
		expect all three
		send echo >/dev/tty && echo tty" "opens
		expect tty opens
		send ps -o pgid=,tpgid= -p \$\$ | awk '{ print (\$1 > 0 && \$2 > 0) ? "groups" "-ok" : "groups" "-bad" }'
		expect groups-ok
		send script -qec tty /dev/null
		expect /dev/pts/[0-9]+
		expect READY>
		send exit 3
		status 3
	END
	door_gone "$how"
done

talk "what a pasted command does not take is not lost, ^C before anything runs does no harm" "${by_ssh[@]}" <<END
$prompt
key C
expect READY>
key Z
send echo still" "here
expect still here
send exit 0
status 0
END

# --- contained-shell as a job of an ordinary shell -------------------------------------------------
talk "a job of a shell on the host: stopped and continued as one" su - ctestg <<END
$prompt
send $DOOR -c 'hostname | tr a-z A-Z; exec sl''eep 100'
expect [0-9A-F]+-[A-Z]+
pause 0.3
key Z
expect Stopped .*contained-shell
send echo he''re on \$(hostname)
expect here on
send fg
expect contained-shell
pause 0.3
key C
expect READY>
send echo ended=\$?
expect ended=130
send $DOOR -c 'sl''eep 100' &
expect \[1\] [0-9]+
pause 0.5
send kill %1; wait %1; echo killed=\$?
expect killed=143
send $DOOR -c 'exit 6' | cat; echo pipe=\${PIPESTATUS[0]}
expect pipe=6
send stty size
expect 24 80
send exit 2
status 2
END
door_gone "a job" ctestg

# --- profiles -----------------------------------------------------------------------------------
# each says in which mount namespace it was read, and of which shell
for file in .profile .bashrc; do
	echo "echo $file:\$0:\$(readlink /proc/self/ns/mnt) >>~/read" >"$home/$file"
done
outside=$(readlink /proc/self/ns/mnt)

read_by()
{
	rm -f "$home/read"
	"$@" >/dev/null 2>&1
	sed "s/$outside/OUTSIDE/; s/:mnt:.*/:inside/" "$home/read" 2>/dev/null | paste -sd' '
}

shell_login()
{
	printf '%s\nexit\n' : | ssh -T -F "$SSH_CONFIG" ctest1@box
}

is "ssh without a command reads the login profile, inside, as -bash" "$(read_by shell_login)" ".profile:-bash:inside"
is "su - reads the login profile, inside" "$(read_by su - ctest1 -c true)" ".profile:-bash:inside"
is "su without - reads none" "$(read_by su ctest1 -c true)" ""
unlike "ssh with a command reads nothing outside" "$(read_by box ctest1 true)" OUTSIDE
login_says='shopt -q login_shell && echo login; echo $PS1$PATH | grep -c /usr/bin'
is "/etc/profile is read inside" \
	"$(ssh -T -F "$SSH_CONFIG" ctest1@box <<<"$login_says" 2>/dev/null | tail -n 2 | paste -sd' ')" "login 1"
rm -f "$home/.profile" "$home/.bashrc"

is "HOME USER LOGNAME SHELL PATH, by ssh" "$(box ctest1 'echo $HOME $USER $LOGNAME $SHELL $PATH; pwd' </dev/null)" \
	"$home ctest1 ctest1 /bin/bash /usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games
$home"
is "and by su" "$(su - ctest1 -c 'echo $HOME $USER $LOGNAME $SHELL; pwd')" "$home ctest1 ctest1 /bin/bash
$home"

fixture_end
done_testing
