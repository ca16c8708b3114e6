#!/bin/bash
# contained -m ROOTFS -u UID -c COMMAND…: what the command gives, as root and as an ordinary user, in trees of
# busybox, Debian and musl. REGENERATE=1 writes the expected narration anew.
. "$(dirname "$0")/../lib/original.sh"
original_start
musl=$P/musl
mkdir -p "$P/small"

# --- the same in every tree -----------------------------------------------------------------------
# look NAME TREE: as both, and as user 0 and 1000
look()
{
	local name=$1 tree=$2 who uid seen run

	for who in root user; do
		for uid in 0 1000; do
			run=original
			[ "$who" = root ] || run=user_original
			seen=$($run -m "$tree" -u "$uid" -c sh -c 'whoami; id -u; hostname; ulimit -n; ulimit -Hn
				ps -e -o pid,comm 2>/dev/null || ps; echo; ls /' </dev/null 2>&1)
			is "$name, $who, -u $uid: who one is" "$(sed -n 1,2p <<<"$seen" | paste -sd' ')" \
				"$([ "$uid" = 0 ] && echo "root 0" || echo "user 1000")"
			like "$name, $who, -u $uid: the hostname is a card" "$(sed -n 3p <<<"$seen")" "$CARD"
			is "$name, $who, -u $uid: 64 open files" "$(sed -n 4,5p <<<"$seen" | paste -sd' ')" "64 64"
			like "$name, $who, -u $uid: PID 1 is contained-init" "$seen" $'\n *1 +(root +)?contained-init'
			contains "$name, $who, -u $uid: the files are the tree's" "$(ls "$tree")" \
				"$(sed '1,/^$/d' <<<"$seen" | grep -vxE 'dev|etc|proc|run|sys|tmp|var' | head -n 1)"
		done
	done
}

look busybox "$BOX"
if debian=$(tree_debian); then
	look debian "$debian"
	is "debian: absolute links stay inside" "$(original -m "$debian" -u 1000 -c /bin/bash -c 'echo $BASH_VERSION')" \
		"$(chroot "$debian" /bin/bash -c 'echo $BASH_VERSION')"
else
	skip "mmdebstrap makes no tree here: make deps, and a network" "a tree of Debian"
fi
if tree_musl "$musl"; then
	look musl "$musl"
	for run in original user_original; do
		is "musl, $run: a dynamic program" "$($run -m "$musl" -u 1000 -c hello; echo $?)" $'hello from uid 1000\n4'
	done
	rm "$musl"/lib/ld-musl-*
	said 127 "hello: needs the loader /lib/ld-musl-[a-z0-9_]+\.so\.1, which is not in" "musl: its loader is missed" \
		original -m "$musl" -u 0 -c hello
else
	skip "no musl-gcc: make deps" "a tree of musl"
fi

# --- limits, as the host sees them ----------------------------------------------------------------
# start RUN COMMAND…: in the background; JOB, and CARD_NOW once it has said its hostname
start()
{
	: >"$P/private/said"
	env --default-signal=INT,QUIT "$@" >"$P/private/said" 2>&1 8<&- </dev/null &
	JOB=$!
	eventually 5 test -s "$P/private/said" || diag "it says nothing"
	CARD_NOW=$(head -n 1 "$P/private/said")
}

kill_job()
{
	disown "$JOB" # bash would tell of its end
	kill -KILL "$JOB"
}

# of_cgroup FILE…: of the first that the session's directories have
of_cgroup()
{
	local file

	for file; do
		find "$LEFT_CGROUPS" -path "*/contained/$CARD_NOW/$file" -exec cat {} + 2>/dev/null | grep . && return
	done
	return 1
}

start "$P/bin/contained" -q --io-weight=none -m "$BOX" -u 1000 -c sh -c 'hostname; exec sleep 100'
is "64 processes" "$(of_cgroup pids.max)" 64
is "1 GiB of memory" "$(of_cgroup memory.limit_in_bytes memory.max)" 1073741824
like "a quarter of a share of the processors" "$(of_cgroup cpu.shares cpu.weight)" '^(256|25)$'
is "its processes are in there, and their ids are others outside" "$(of_cgroup cgroup.procs | sort -u | while read -r pid; do
	[ "$(cat "/proc/$pid/comm")" != sleep ] || stat -c %u "/proc/$pid"
done)" 11000
kill_job
leftovers_sessions "SIGKILL of contained leaves nothing"
start setpriv --reuid ctest1 --regid ctest1 --init-groups "$P/bin/contained" -q --limits=off -m "$BOX" -u 0 \
	-c sh -c 'hostname; exec sleep 100'
kill_job
succeeds "nor does it without root" eventually 2 user_sessions_gone
# what is dead waits for the machine's init to reap it
user_processes_gone()
{
	! ps -o stat=,args= -U ctest1 | grep -v '^Z' | grep -q .
}
succeeds "and no process of the user's is left" eventually 2 user_processes_gone
is "a fork bomb ends at 64" "$(original -m "$BOX" -u 1000 -c probe forkbomb 200 | grep -cE 'forked [3-6][0-9] of 200')" 1

# --- ids and capabilities -------------------------------------------------------------------------
is "the map of user ids" "$(original -m "$BOX" -u 0 -c cat /proc/self/uid_map | xargs)" "0 10000 2000"
is "the map of group ids" "$(original -m "$BOX" -u 0 -c cat /proc/self/gid_map | xargs)" "0 10000 2000"
is "without root: one's own id" "$(user_original -m "$BOX" -u 7 -c cat /proc/self/uid_map | xargs)" "7 $USER_ID 1"

# names_of SET RUN OPTION…: of the capabilities in a set, sorted
names_of()
{
	local set=$1 run=$2

	shift 2
	capsh --decode="$($run -m "$BOX" "$@" -c grep "$set" /proc/self/status | awk '{ print $2 }')" |
		sed 's/.*=//' | tr ',' '\n' | grep . | sort
}

# what the original knew (audit_read was its newest), less what it dropped
original_caps()
{
	local dropped='audit_control|audit_read|audit_write|block_suspend|dac_read_search|fsetid|ipc_lock|mac_admin'
	local number name

	dropped+='|mac_override|mknod|setfcap|syslog|sys_admin|sys_boot|sys_module|sys_nice|sys_rawio|sys_resource'
	dropped+='|sys_time|wake_alarm'
	for ((number = 0; ; number++)); do
		name=$(capsh --decode="$(printf %x $((1 << number)))" | sed 's/.*=//')
		[[ $name =~ ^cap_($dropped)$ ]] || echo "$name"
		[ "$name" != cap_audit_read ] || break
	done | sort
}
is "root's bounding set is the original's" "$(names_of CapBnd original -u 0)" "$(original_caps)"
is "and so is the effective one, in the user namespace" "$(names_of CapEff original -u 0)" "$(original_caps)"
is "another user has the bounding set" "$(names_of CapBnd original -u 1000)" "$(original_caps)"
fewer=$(printf 'cap_%s\n' chown dac_override fowner fsetid kill setgid setuid net_bind_service | sort)
is "without root they are fewer" "$(names_of CapEff user_original -u 0)" "$fewer"
for run in original user_original; do
	is "$run, -u 1000: no capability in force" "$(names_of 'Cap[PEIA]' $run -u 1000)" ""
	is "$run, -u 0: none inheritable, none ambient" "$(names_of 'Cap[IA]' $run -u 0)" ""
done
for uid in 0 1000 5000; do
	is "--userns=off, -u $uid: host ids, and no capability at all" \
		"$(original --userns=off -m "$BOX" -u $uid -c sh -c 'grep Cap /proc/self/status; id -u' | awk '{ print $NF }' |
			sort -u | paste -sd' ')" "$(printf '%s\n' 0000000000000000 $uid | sort | paste -sd' ')"
done

# --- exit statuses, signals, files ------------------------------------------------------------------
for run in original user_original; do
	is "$run: statuses are the command's" "$(for n in 0 7 255; do $run -m "$BOX" -u 0 -c sh -c "exit $n"; echo $?; done |
		paste -sd' ')" "0 7 255"
	is "$run: 128 and the signal" "$(for n in TERM KILL; do $run -m "$BOX" -u 0 -c sh -c "kill -$n \$\$"; echo $?; done |
		paste -sd' ')" "143 137"
	for number in HUP INT QUIT TERM USR1 USR2 ALRM; do
		as=()
		[ $run = original ] || as=(setpriv --reuid ctest1 --regid ctest1 --init-groups)
		start "${as[@]}" "$P/bin/contained" -q --limits=off -m "$BOX" -u 0 \
			-c sh -c "trap 'echo heard; exit 42' $number; echo ready; while :; do sleep 0.05; done"
		kill -s "$number" "$JOB"
		wait "$JOB"
		is "$run: SIG$number reaches the command" "$? $(tail -n 1 "$P/private/said")" "42 heard"
	done
	head -c 1000000 /dev/urandom >"$P/private/blob"
	is "$run: standard input and output" "$($run -m "$BOX" -u 1000 -c cat <"$P/private/blob" | sha256sum)" \
		"$(sha256sum <"$P/private/blob")"
	is "$run: no other file is open inside" "$($run -m "$BOX" -u 0 -c probe fds 9</etc/passwd | cut -d' ' -f1 | paste -sd' ')" \
		"0 1 2"
	(
		exec 0<&- 1>&- 2>&-
		$run -m "$BOX" -u 0 -c sh -c 'for n in 0 1 2; do [ /proc/$$/fd/$n -ef /dev/null ] || exit 8; done; exit 5'
	)
	is "$run: closed standard files are /dev/null" "$?" 5
done
is "an ignored SIGCHLD loses no status" "$(env --ignore-signal=CHLD "$P/bin/contained" -q --limits=off -m "$BOX" -u 0 \
	-c sh -c 'exit 9'; echo $?)" 9

# --- what is told -----------------------------------------------------------------------------------
# golden NAME COMMAND…: its standard error, without what differs from host to host
golden()
{
	local expected=$TOP/tests/golden/original/$1.txt said difference

	shift
	said=$("$@" 2>&1 >/dev/null </dev/null | sed -E "s/version…[0-9.]+…/version…VERSION…/; s/[0-9a-f]{5,}-[a-z-]+…/CARD…/
		s/→ $USER_ID /→ CALLER /")
	[ -z "${REGENERATE:-}" ] || printf '%s\n' "$said" >"$expected"
	if difference=$(diff -u --label expected --label now "$expected" - <<<"$said"); then
		ok "narration: $(basename "$expected" .txt)"
	else
		not_ok "narration: $(basename "$expected" .txt)" "$difference"
	fi
}
golden root "$P/bin/contained" --io-weight=none -m "$BOX" -u 1000 -c true
golden user as_user "$P/bin/contained" --io-weight=none -m "$BOX" -u 1000 -c true
golden without-userns "$P/bin/contained" --limits=off --userns=off -m "$BOX" -u 0 -c true
golden refused "$P/bin/contained" --limits=off -m "$BOX" -u 1000 -c /etc
is "-q says nothing where all is given" "$(original -m "$BOX" -u 0 -c true 2>&1)" ""
is "and with it a limit that is left out is told" "$(as_user "$P/bin/contained" -q -m "$BOX" -u 0 -c true 2>&1)" \
	"contained: warning: this host cannot give the limits: memory cpu_weight pids io_weight"

original_end
done_testing
