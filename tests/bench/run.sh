#!/bin/bash
# run.sh: what contained costs, against the least that does the same (floor.c), on this machine. `make bench`,
# as root. Nothing of it is left.
#
# Every figure is the median of ratios of neighbouring runs, which other work on the machine hits alike;
# absolute times are shown for orientation. A target that is missed is no failure of the benchmark: its exit
# status says whether it measured.
#
#	ROUNDS=60 bash tests/bench/run.sh      fewer than 60 rounds are not worth comparing
set -u
cd "$(dirname "$0")/../.." || exit 1
[ "$(id -u)" -eq 0 ] || {
	echo "make bench needs root: it makes sessions and throwaway users" >&2
	exit 1
}
command -v pamtester >/dev/null || {
	echo "make bench needs pamtester: make deps" >&2
	exit 1
}
rounds=${ROUNDS:-80}
gap=40 # ms: a control group's first write after a pause waits for the kernel's RCU, which hot loops hide
crowd=200

. tests/lib/quiet.sh

# --- what is run ------------------------------------------------------------------------------
compile()
{
	# linked as the products are: -z now, or look-ups of symbols would be measured in every forked child
	"${CC:-cc}" -std=gnu17 -D_GNU_SOURCE -O2 -Wl,-z,relro,-z,now -iquote "$TOP" -iquote "$TOP/engine" \
		-I"$BUILD" "$@" ||
		bail "the benchmark's programs can be compiled"
}

build_programs()
{
	local source=tests/bench

	compile -static -nostdlib -o "$P/bin/true" $source/true.c
	compile -o "$P/private/pair" $source/pair.c
	compile -o "$P/private/floor" $source/floor.c $source/floor_steps.c
	compile -shared -fPIC -fvisibility=hidden -o "$P/floor_pam.so" $source/floor_pam.c \
		$source/floor_steps.c -lpam
	compile -o "$P/private/session" $source/session.c "$BUILD/libengine.a" -liniparser -lcap
}

# session_command [OPTION…]: into the array SESSION
session_command()
{
	SESSION=("$P/private/session" "$@" "$P/libexec" ctest1 "$(id -u ctest1)" "$(id -g ctest1)" /home/ctest1 "$P/bin/true")
}

# floor_command [OPTION…]: into the array FLOOR
floor_command()
{
	FLOOR=("$P/private/floor" --home=/home/ctest1 "$@" "$(id -u ctest1)" "$(id -g ctest1)" "$P/bin/true")
}

# Names with the fixture's prefix: what a killed run leaves is removed by the next one of any suite.
service()
{
	pam_service "contained-test-bench-$1" "session required $2"
}

pam_command()
{
	PAM=("$(command -v pamtester)" "contained-test-bench-$1" ctest1 open_session close_session)
}

# contained_service NAME SETTING…: a PAM service with pam_contained and a configuration of its own
contained_service()
{
	local name=$1

	shift
	printf '%s\n' "[default]" "$@" >"$P/$name.conf"
	service "$name" "$MODULE conf=$P/$name.conf"
}

# --- what is told -----------------------------------------------------------------------------
# target NUMBER GOAL RATIO TEXT
target()
{
	local met=no

	awk -v m="$3" -v g="$2" 'BEGIN { exit !(m <= g) }' && met=yes
	printf '%-3s %9s %7s %-4s %s\n' "$1" "$3" "$2" "$met" "$4"
}

# pairs ROUNDS GAP COMMAND… -- COMMAND…: lines of pair.c into the array LINES
pairs()
{
	local count=$1 pause=$2

	shift 2
	mapfile -t LINES < <("$P/private/pair" -r "$count" -g "$pause" -t 20 "$@" 8<&-)
	[ ${#LINES[@]} -gt 0 ] || bail "the commands can be measured" "$*"
}

# against NUMBER GOAL LINE TEXT: a target that is a ratio to the first command
against()
{
	local ratio low high count base this

	read -r ratio low high count base this <<<"$3"
	target "$1" "$2" "$ratio" "$4 ($this ms to $base; quartiles $low-$high of $count)"
}

# --- the targets, by their numbers --------------------------------------------------------------
whole_process()
{
	local net

	for net in "" --no-net; do
		floor_command ${net:+"$net"}
		session_command --no-limits ${net:+"$net"}
		pairs "$rounds" 0 "${FLOOR[@]}" -- "${SESSION[@]}"
		against 1 1.25 "${LINES[0]}" "a session around true / the floor${net:+, host network}"
	done
	floor_command "${GROUPS_ARGS[@]/#/--}"
	session_command
	# the waits vary by a factor of five: twice as many rounds
	pairs 120 "$gap" "${FLOOR[@]}" -- "${SESSION[@]}"
	against 4 1.15 "${LINES[0]}" "the same with control groups, cold"
}

# pam_pair NUMBER GOAL PAUSE BASE FLOOR OURS TEXT
pam_pair()
{
	local base floor

	pam_command "$4" && base=("${PAM[@]}")
	pam_command "$5" && floor=("${PAM[@]}")
	pam_command "$6"
	pairs 60 "$3" "${base[@]}" -- "${floor[@]}" -- "${PAM[@]}"
	against "$1" "$2" "${LINES[1]}" "$7; the floor's own ratio: ${LINES[0]%% *}"
}

pam_session()
{
	local groups="${GROUPS_ARGS[*]}"

	service permit pam_permit.so
	service floor "$P/floor_pam.so home=/home/ctest1"
	service floor-host "$P/floor_pam.so no-net home=/home/ctest1"
	service groups "$P/floor_pam.so only-groups $groups"
	service floor-groups "$P/floor_pam.so home=/home/ctest1 $groups"
	contained_service own "limits = off" "network = none"
	contained_service host "limits = off" "network = host"
	contained_service limits "limits = require"
	pam_pair 5 1.25 0 permit floor own "PAM open+close, no limits / pam_permit"
	pam_pair 5 1.15 0 permit floor-host host "the same, host network"
	pam_pair 5 1.25 "$gap" groups floor-groups limits "PAM open+close with limits, cold / its control groups alone"
}

# The processes that stay with our sessions: watcher and twin hold the state directory, PID 1 is the former's child.
resident()
{
	local link watcher child

	for link in /proc/[0-9]*/fd/6; do
		[[ $(readlink "$link" 2>/dev/null) == /run/contained/* ]] || continue
		grep -qs 'service=contained-bench' "$link/session" || continue
		watcher=${link%/fd/6}
		echo "$watcher"
		for child in $(<"$watcher/task/${watcher#/proc/}/children"); do
			echo "/proc/$child"
		done
	done | sort -u
}

latencies()
{
	session_command --times 20
	"${SESSION[@]}" 8<&- || bail "sessions can be timed"
}

resident_size()
{
	local pids pss

	mapfile -t pids < <(resident)
	[ ${#pids[@]} -eq $((3 * crowd)) ] || bail "three processes stay with a session" "${#pids[@]} processes"
	pss=$(awk -v n="$crowd" '/^Pss:/ { sum += $2 } END { printf "%.1f", sum / n }' "${pids[@]/%//smaps_rollup}")
	target 8 64 "$pss" "KiB resident a session: PSS of PID 1, watcher and twin, over $crowd sessions (stretch: 16)"
}

# Sessions of an ordinary user, whose contained-shell stays as the one that waits.
door_resident()
{
	local count=100 i pids pss jobs=()

	printf '[default]\nlimits = try\n' >"$P/etc/contained/contained.conf"
	mkfifo "$P/private/door" && exec 9<>"$P/private/door"
	for ((i = 0; i < count; i++)); do
		setpriv --reuid ctest1 --regid ctest1 --init-groups "$P/bin/contained-shell" -c 'read line' \
			<&9 >/dev/null 2>&1 8<&- 9<&- &
		jobs+=($!)
	done
	eventually 30 door_stands "$count" || bail "$count sessions without root can live at once"
	mapfile -t pids < <(pgrep -U ctest1 -x 'contained-(shell|watch|twin|init)')
	pids=("${pids[@]/#//proc/}")
	pss=$(awk -v n="$count" '/^Pss:/ { sum += $2 } END { printf "%.1f", sum / n }' "${pids[@]/%//smaps_rollup}")
	target 9 128 "$pss" "KiB resident a session without root: PSS of contained-shell, PID 1, watcher and twin, over $count"
	mapfile -t pids < <(pgrep -U ctest1 -x contained-shell)
	kill "${pids[@]}"
	exec 9>&-
	wait "${jobs[@]}"
}

door_stands()
{
	[ "$(pgrep -c -U ctest1 -x contained-twin)" -eq "$1" ]
}

# Blocks without and with a crowd, in turn; the n-th set-up of one is compared with the n-th of the other.
crowded()
{
	local block answer ratio count alone among

	for block in 1 2 3; do
		latencies >>"$P/private/alone"
		session_command --hold "$crowd"
		coproc HOLD { exec "${SESSION[@]}" 8<&-; }
		read -r -t 60 -u "${HOLD[0]}" answer && [ "$answer" = ready ] || bail "$crowd sessions can live at once"
		[ "$block" -gt 1 ] || resident_size
		latencies >>"$P/private/among"
		eval "exec ${HOLD[1]}>&-"
		wait "$HOLD_PID" || bail "$crowd sessions can be ended"
	done
	read -r ratio count alone among < <(
		paste "$P/private/alone" "$P/private/among" |
			awk '{ print ($4 + $5) / ($1 + $2), ($1 + $2) / 1000, ($4 + $5) / 1000 }' | sort -n |
			awk '{ r[NR] = $0 } END { split(r[int((NR + 1) / 2)], f); printf "%.3f %d %.1f %.1f\n", f[1], NR, f[2], f[3] }'
	)
	target 7 1.25 "$ratio" "set-up with $crowd sessions live / with none (the median pair: $among ms to $alone; $count pairs)"
}

fixture_start
build_programs
session_command --cgroups
mapfile -t GROUPS_ARGS < <("${SESSION[@]}")
# the first session of a machine's life makes the parents of the control groups
session_command
"${SESSION[@]}" || bail "a session can be made"
printf '%-3s %9s %7s %-4s %s\n' "#" measured goal met "what (medians of paired ratios)"
whole_process
pam_session
crowded
door_resident
# what is left is told, but does not make the figures wrong
fixture_end
exit 0
