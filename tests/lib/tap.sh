# shellcheck shell=bash
# tap.sh: what a shell suite says, in the Test Anything Protocol; tests/lib/run.sh adds it up.
#
#	is "exit status" "$status" 7          equal
#	like "hostname" "$name" "$CARD"       matches an extended regular expression
#	succeeds "scp to the host" scp …      a command; its output is shown when it fails
#	skip "no tmux here" "tmux ends"       turned into a failure by CONTAINED_MUST_RUN=1
#	done_testing                          last line of a suite

tap_count=0
tap_failed=0

ok()
{
	tap_count=$((tap_count + 1))
	printf 'ok %d - %s\n' "$tap_count" "$1"
}

# not_ok NAME [DETAIL…]
not_ok()
{
	tap_count=$((tap_count + 1))
	tap_failed=$((tap_failed + 1))
	printf 'not ok %d - %s\n' "$tap_count" "$1"
	shift
	[ $# -eq 0 ] || diag "$@"
}

diag()
{
	printf '%s\n' "$@" | head -n 40 | sed 's/^/# /'
}

# skip REASON NAME: for what this machine cannot run, never for what fails
skip()
{
	if [ "${CONTAINED_MUST_RUN:-0}" = 1 ]; then
		not_ok "$2" "had to run, but: $1"
		return
	fi
	tap_count=$((tap_count + 1))
	printf 'ok %d - %s # SKIP %s\n' "$tap_count" "$2" "$1"
}

is()
{
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		not_ok "$1" "got:  $2" "want: $3"
	fi
}

like()
{
	if [[ $2 =~ $3 ]]; then
		ok "$1"
	else
		not_ok "$1" "got: $2" "want a match of: $3"
	fi
}

# contains NAME TEXT PART: literally
contains()
{
	if [[ $2 == *"$3"* ]]; then
		ok "$1"
	else
		not_ok "$1" "got: $2" "want in it: $3"
	fi
}

unlike()
{
	if [[ $2 =~ $3 ]]; then
		not_ok "$1" "got: $2" "which matches: $3"
	else
		ok "$1"
	fi
}

succeeds()
{
	local name=$1 output status

	shift
	output=$("$@" 2>&1 </dev/null)
	status=$?
	if [ "$status" -eq 0 ]; then
		ok "$name"
	else
		not_ok "$name" "exit status $status of: $*" "$output"
	fi
}

fails()
{
	local name=$1 output

	shift
	if output=$("$@" 2>&1 </dev/null); then
		not_ok "$name" "succeeded, but must not: $*" "$output"
	else
		ok "$name"
	fi
}

# adopt PREFIX: counts "ok NAME" and "not ok NAME" lines, as the probe prints them, as tests of this suite
adopt()
{
	local line lines=0

	while IFS= read -r line; do
		case $line in
		"ok "*) ok "$1: ${line#ok }" ;;
		"not ok "*) not_ok "$1: ${line#not ok }" ;;
		*) diag "$line" && continue ;;
		esac
		lines=$((lines + 1))
	done
	[ "$lines" -gt 0 ] || not_ok "$1 said something"
}

# eventually SECONDS COMMAND…: waits for it to succeed
eventually()
{
	local deadline=$((${EPOCHREALTIME/[.,]/} + $1 * 1000000))

	shift
	until "$@" >/dev/null 2>&1; do
		[ "${EPOCHREALTIME/[.,]/}" -lt "$deadline" ] || return 1
		sleep 0.05
	done
}

done_testing()
{
	printf '1..%d\n' "$tap_count"
	[ "$tap_failed" -eq 0 ]
	exit
}

# bail REASON: the suite itself cannot go on, which is a failure
bail()
{
	not_ok "$(basename "$0") can run" "$@"
	done_testing
}
