#!/bin/bash
# What is installed gives nobody anything: no setuid or setgid bit, no file capability, no file that others may write.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
: "${B:=build}"
[ -x "$B/contained" ] || bail "no $B/contained: run make"
work=$(mktemp -d) || bail "no temporary directory"
trap 'rm -rf "$work"' EXIT
# as sudo would, with a mask that takes nothing away
if ! (umask 0 && make -s install B="$B" DESTDIR="$work" PAMDIR=/lib/security) >"$work/log" 2>&1; then
	bail "make install works into an empty tree" "$(tail -n 5 "$work/log")"
fi
rm -f "$work/log"
succeeds "contained-shell is installed" test -x "$work/usr/bin/contained-shell"
is "no file is setuid or setgid" "$(find "$work" -perm /6000)" ""
if command -v getcap >/dev/null; then
	is "no file has capabilities" "$(getcap -r "$work" 2>&1)" ""
else
	skip "no getcap: make deps" "no file has capabilities"
fi
is "no file can be written by others" "$(find "$work" -type f -perm /022)" ""
is "no directory but those on the way" "$(find "$work" -type d -empty)" ""
(make -s uninstall B="$B" DESTDIR="$work" PAMDIR=/lib/security) >/dev/null 2>&1
is "make uninstall takes every file away" "$(find "$work" -type f)" ""
done_testing
