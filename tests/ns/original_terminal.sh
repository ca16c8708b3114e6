#!/bin/bash
# contained -m … -c … on a terminal: as the job of a shell, with jobs of its own, in a pipeline; and
# its signals and process group without one.
. "$(dirname "$0")/../lib/original.sh"
original_start
run="$P/bin/contained -q --limits=off -m $BOX -u 0 -c"

# dialogue NAME COMMAND… < steps
dialogue()
{
	local name=$1 transcript

	shift
	if transcript=$(python3 "$TOP/tests/lib/terminal.py" -t 10 "$@" 2>&1 8<&-); then
		ok "$name"
	else
		not_ok "$name" "$(tr -d '\r' <<<"$transcript" | tail -n 25)"
	fi
}

# what is typed is echoed too: the quotes keep the echo from looking like the answer
outer="expect [#\$] 
send PS1='OUT''ER> '
expect OUTER> "
inner="send PS1='INN''ER> '
expect INNER> "

for as in root user; do
	shell=(bash --norc --noprofile -i)
	[ "$as" = root ] || shell=(setpriv --reuid ctest1 --regid ctest1 --init-groups env HOME=/ "${shell[@]}")

	dialogue "$as: a shell on the terminal: tty, size, status" "${shell[@]}" <<-END
		$outer
		send $run sh
		$inner
		send tty
		expect /dev/pts/[0-9]+
		send test -t 0 && test -t 1 && test -t 2 && echo all" "three
		expect all three
		send stty size
		expect 24 80
		resize 30 100
		send stty size
		expect 30 100
		send exit 6
		expect OUTER> 
		send echo status=\$?
		expect status=6
		send stty size
		expect 30 100
		expect OUTER> 
		send cat
		pause 0.4
		key C
		expect OUTER> 
		send exit 3
		status 3
	END

	dialogue "$as: jobs of the shell inside: ^Z, bg, fg, ^C" "${shell[@]}" <<-END
		$outer
		send $run sh
		$inner
		send sleep 100
		pause 0.4
		key Z
		expect Stopped +sleep 100
		send bg; jobs
		expect sleep 100
		send fg
		expect sleep 100
		pause 0.4
		key C
		expect INNER> 
		send echo interrupted=\$?
		expect interrupted=130
		send exit
		expect OUTER> 
		send exit 0
		status 0
	END

	dialogue "$as: a job of the shell outside: ^Z gives it back, fg goes on, ^C ends it" "${shell[@]}" <<-END
		$outer
		send $run sh -c 'echo be''gun; exec sleep 60'
		expect begun
		key Z
		expect Stopped
		expect OUTER> 
		send echo out" "here
		expect out here
		send fg
		expect exec sleep 60
		pause 0.4
		key C
		expect OUTER> 
		send echo status=\$?
		expect status=130
		send exit 0
		status 0
	END

	dialogue "$as: in the background it leaves the terminal alone" "${shell[@]}" <<-END
		$outer
		send $run sh -c 'echo be''gun; exec sleep 1.5'
		expect begun
		key Z
		expect Stopped
		send bg
		pause 2.5
		send echo still" "here
		expect still here
		send wait; $run sh -c 'exit 4' & wait \$!; echo status=\$?
		expect status=4
		send exit 0
		status 0
	END

	# the pipe is full before it has said all, and less has to read the terminal meanwhile
	dialogue "$as: in a pipeline the terminal is the pager's" "${shell[@]}" <<-END
		$outer
		send $run seq 1 100000 | more
		expect 20
		pause 0.3
		send q
		expect OUTER> 
		send $run sh -c 'read line; echo got-\$line' | cat
		pause 0.6
		send hel''lo
		expect got-hel''lo
		expect OUTER> 
		send $run sh -c 'echo be''gun >&2; exec sleep 60' | cat
		expect begun
		key Z
		expect Stopped
		send fg
		expect exec sleep 60
		pause 0.4
		key C
		expect OUTER> 
		send exit 0
		status 0
	END
done

# shellcheck disable=SC2086 # words
dialogue "where no shell would continue it, ^Z does not stop it" $run sh -c 'echo begun; sleep 1; exit 7' <<-END
	expect begun
	key Z
	status 7
END
# shellcheck disable=SC2086
dialogue "hanging up ends it" $run sh -c 'echo begun; exec sleep 100' <<-END
	expect begun
END

if debian=$(tree_debian); then
	# shellcheck disable=SC2086
	dialogue "vim, in Debian's tree" ${run/"$BOX"/"$debian"} vim.tiny -u NONE /tmp/text <<-END
		expect /tmp/text
		send iwritten
		key 27
		pause 0.3
		send :wq
		expect written
		status 0
	END
	# shellcheck disable=SC2086
	dialogue "tmux, in Debian's tree: two windows in one session" ${run/"$BOX"/"$debian"} \
		env LC_ALL=C.UTF-8 tmux -f /dev/null new-session 'PS1="ON''E> " sh' <<-END
		expect ONE> 
		send tmux new-window 'PS1="TW''O> " sh'
		expect TWO> 
		send tmux list-windows | wc -l
		expect 2
		send tmux kill-server
		expect exited
	END
else
	skip "mmdebstrap makes no tree here: make deps, and a network" "vim and tmux in Debian's tree"
fi
is "what nohup ignores, the command ignores" "$(nohup "$P/bin/contained" -q --limits=off -m "$BOX" -u 0 \
	-c sh -c 'kill -HUP $$; echo alive' 2>/dev/null </dev/null)" alive
is "no signal is blocked inside" "$(env --block-signal=TERM,CHLD "$P/bin/contained" -q --limits=off -m "$BOX" -u 0 \
	-c grep SigBlk /proc/self/status | awk '{ print $2 }')" 0000000000000000
# in a session of its own, or a hole would end the tests
is "kill(0, …) inside does not reach who called" "$(setsid bash -c "$(printf '%q ' "$P/bin/contained" -q --limits=off \
	--userns=off -m "$BOX" -u 0 -c sh -c 'kill -TERM 0'); echo \$?" </dev/null 2>/dev/null)" 143
is "nor without root" "$(as_user setsid bash -c "$(printf '%q ' "$P/bin/contained" -q --limits=off \
	-m "$BOX" -u 0 -c sh -c 'kill -TERM 0'); echo \$?" </dev/null 2>/dev/null)" 143

original_end
done_testing
