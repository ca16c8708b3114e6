# shellcheck shell=bash
# quiet.sh: the fixture for programs that are no tests (make try, make bench).
#
# fixture.sh speaks TAP, which is for tests; here only what went wrong is of interest
. tests/lib/fixture.sh >/dev/null
ok() { :; }
not_ok()
{
	tap_failed=$((tap_failed + 1))
	printf 'FAILED: %s\n' "$1"
	shift
	[ $# -eq 0 ] || printf '  %s\n' "$@"
}
done_testing()
{
	exit 1
}
