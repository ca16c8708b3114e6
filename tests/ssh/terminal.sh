#!/bin/bash
# An interactive login on a terminal: the tty, job control, keys, a window that changes its size.
. "$(dirname "$0")/../lib/fixture.sh"
fixture_start
conf_write <<END
[default]
END
sshd_start

# dialogue NAME USER < steps: talks to an interactive login
dialogue()
{
	local name=$1 user=$2 transcript

	if transcript=$(python3 "$TOP/tests/lib/terminal.py" -t 15 ssh -tt -F "$SSH_CONFIG" "$user@box" 2>&1); then
		ok "$name"
	else
		not_ok "$name" "$(tr -d '\r' <<<"$transcript" | tail -n 25)"
	fi
}

# what is typed is echoed too: the quotes keep the echo from looking like the answer
prompt="send PS1='REA''DY> '
expect READY> "

dialogue "a shell on a terminal: tty, stty size" ctest1 <<END
$prompt
send tty
expect /dev/pts/[0-9]+
send test -t 0 && test -t 1 && test -t 2 && echo all" "three
expect all three
send echo user=\$(id -un) on=\$(stat -c %U "\$(tty)")
expect user=ctest1 on=ctest1
send stty size
expect 24 80
send exit 3
status 3
END

dialogue "the terminal is in the session's own /dev/pts, and the only one" ctest1 <<END
$prompt
send echo "these: "\$(ls /dev/pts | tr '\n' ' ')"."
expect these: [0-9]+ ptmx \.
send exit 0
status 0
END

dialogue "a new size arrives, and programs are told" ctest1 <<END
$prompt
send trap 'echo win''ch' WINCH
resize 50 132
send stty size
expect 50 132
send python3 -c "import os; print('py', *os.get_terminal_size())"
expect py 132 50
resize 24 80
send exit 0
status 0
END

dialogue "job control: &, jobs, Ctrl-Z, bg, fg, Ctrl-C" ctest1 <<END
$prompt
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
expect \^C
expect READY>
send echo interrupted=\$?
expect interrupted=130
send sh -c 'echo read''ing; exec cat'
expect reading
key D
expect READY>
send exit 0
status 0
END

dialogue "the foreground process group is the terminal's" ctest1 <<END
$prompt
send ps -o pgid=,tpgid= -p \$\$ | awk '{ print (\$1 > 0 && \$2 > 0) ? "groups" "-ok" : "groups" "-bad" }'
expect groups-ok
send exec sh -c 'exit 5'
status 5
END

dialogue "a command on a terminal of its own: ssh -tt" ctest1 <<END
$prompt
send script -qec 'tty' /dev/null
expect /dev/pts/[0-9]+
expect READY>
send exit 0
status 0
END

dialogue "hanging up a terminal ends the session" ctest1 <<END
$prompt
send sleep 300 & disown; nohup sleep 301 >/dev/null 2>&1 &
expect READY>
END
leftovers_sessions "hanging up leaves nothing of the session"

dialogue "an exempt user has a terminal as ever" ctestx <<END
$prompt
send tty
expect /dev/pts/[0-9]+
send exit 4
status 4
END

fixture_end
done_testing
