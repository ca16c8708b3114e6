#!/bin/bash
# run.sh check|test|programs|vm [NAME…]: runs the suites and adds them up. Every suite is a program that
# speaks TAP: cmocka's own, and the shell scripts below tests/. The last line is the sum.
set -u
cd "$(dirname "$0")/../.." || exit 1
: "${B:=build}"
kind=$1
shift
logs=$B/test-logs
mkdir -p "$logs" || exit 1
export CMOCKA_MESSAGE_OUTPUT=TAP B

shopt -s nullglob
programs=()
limit=1200 # seconds for a suite of shell
at_once=1 # suites
for source in tests/unit/test_*.c tests/golden/test_*.c; do
	programs+=("$B/${source%.c}")
done
case $kind in
programs) suites=("${programs[@]}") ;;
check) suites=("${programs[@]}" tests/golden/*.sh tests/static/*.sh) ;;
test)
	for source in tests/ns/test_*.c tests/pam/test_*.c; do
		programs+=("$B/${source%.c}")
	done
	suites=("${programs[@]}" tests/golden/*.sh tests/static/*.sh tests/ns/*.sh tests/pam/*.sh
		tests/ssh/*.sh)
	;;
vm)
	suites=(tests/vm/bookworm.sh tests/vm/trixie.sh tests/vm/tiny.sh) limit=3600
	at_once=$(nproc) # each machine has one processor
	;;
*)
	echo "usage: run.sh check|test|programs|vm [NAME…]" >&2
	exit 2
	;;
esac

passed=0 failed=0 skipped=0
reasons=()

# count LOG STATUS SUITE: adds a suite's lines; one that ends early or badly is one failure more
count()
{
	local log=$1 status=$2 suite=$3 good bad skips unable planned problem=

	# cmocka 1.1 writes a skipped test as "not ok 4 # SKIP name"
	skips=$(grep -ciE '^(not )?ok .*# *skip' "$log")
	# what no machine of this kind could run says so in a line of its own
	unable=$(grep -c '^cannot run here: ' "$log")
	good=$(grep -E '^ok ' "$log" | grep -vciE '# *skip')
	bad=$(grep -E '^not ok ' "$log" | grep -vciE '# *skip')
	planned=$(awk -F'\\.\\.' '/^1\.\.[0-9]+$/ { n += $2 } END { print n + 0 }' "$log")
	if [ "$planned" -ne $((good + bad + skips)) ]; then
		problem="planned $planned tests, ran $((good + bad + skips))"
	elif [ "$planned" -eq 0 ]; then
		problem="ran no test"
	elif [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then
		problem="exit status $status"
	fi
	if [ "$skips" -gt "$unable" ] && [ "${CONTAINED_MUST_RUN:-0}" = 1 ]; then
		problem="${problem:+$problem; }$skips skipped, but everything that can has to run"
	fi
	if [ -n "$problem" ]; then
		bad=$((bad + 1))
	fi
	passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + skips))
	while IFS= read -r line; do
		reasons+=("$suite: $line")
	done < <(sed -nE 's/^(not )?ok [0-9]+ (- )?(.*# *[Ss][Kk][Ii][Pp].*)/\3/p; /^cannot run here: /p' "$log")
	if [ "$bad" -gt 0 ]; then
		printf '  FAIL    %s (%s, %d passed, %d failed; %s)\n' "$suite" "${seconds}s" "$good" "$bad" "$log"
		if [ -n "$problem" ]; then
			printf '          %s\n' "$problem"
			[ "$good" -gt 0 ] || tail -n 15 "$log" | sed 's/^/          /'
		fi
		awk '/^not ok / && !/# SKIP/{ shown = 12 } /^ok /{ shown = 0 } shown-- > 0 { print "          " $0 }' "$log"
	else
		printf '  PASS    %s (%s, %d passed)\n' "$suite" "${seconds}s" "$good"
	fi
}

wanted()
{
	local name

	[ $# -gt 1 ] || return 0
	for name in "${@:2}"; do
		[[ $1 != *"$name"* ]] || return 0
	done
	return 1
}

# run_suite SUITE LOG: its end, LOG.end, has its status and how many seconds it took
run_suite()
{
	local started=$SECONDS status child

	# a suite that hangs is ended, and its cleaning up has time
	if [[ $1 == *.sh ]]; then
		timeout -k 30 $limit bash "$1" >"$2" 2>&1 </dev/null &
	else
		timeout -k 5 120 "$1" >"$2" 2>&1 </dev/null &
	fi
	child=$!
	trap 'kill "$child"' TERM
	wait "$child"
	status=$?
	wait "$child" 2>/dev/null # after a signal it has yet to end
	echo "$status $((SECONDS - started))" >"$2.end"
}

log_of()
{
	echo "$logs/$(tr / - <<<"${1#"$B"/}").log"
}

# tell_ended [all]: of the suites that were begun, in their order, those that have ended; all: none runs any more
tell_ended()
{
	local log status

	while [ ${#begun[@]} -gt 0 ]; do
		log=$(log_of "${begun[0]}")
		[ -s "$log.end" ] || [ "${1:-}" = all ] || return
		# what left no end was killed, and has failed
		status=255 seconds=0
		[ ! -s "$log.end" ] || read -r status seconds <"$log.end"
		rm -f "$log.end"
		count "$log" "$status" "${begun[0]}"
		begun=("${begun[@]:1}")
	done
}

trap 'kill $(jobs -p) 2>/dev/null; wait; exit 130' INT TERM HUP
begun=()
for suite in "${suites[@]}"; do
	wanted "$suite" "$@" || continue
	log=$(log_of "$suite")
	rm -f "$log.end"
	run_suite "$suite" "$log" &
	begun+=("$suite")
	while [ "$(jobs -pr | wc -l)" -ge "$at_once" ]; do
		wait -n
	done
	tell_ended
done
wait
tell_ended all

if [ "$skipped" -gt 0 ]; then
	printf 'skipped:\n'
	printf '  %s\n' "${reasons[@]}"
	printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
else
	printf '%d passed, %d failed\n' "$passed" "$failed"
fi
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
