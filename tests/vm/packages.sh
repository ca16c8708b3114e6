#!/bin/bash
# packages.sh SUITE: builds this tree's packages in a Debian of that suite, with what debian/control asks for and no
# more, and prints the directory they are in. Only when a source is newer.
set -u
cd "$(dirname "$0")/../.." || exit 1
: "${B:=build}"
suite=$1
cache=/var/cache/contained-test/vm
mkdir -p "$B/test-logs" "$cache" || exit 1
out=$(realpath "$B")/deb-$suite
log=$B/test-logs/packages-$suite.log

# is_built: no source is newer; it prints the directory then
is_built()
{
	[ -e "$out/built" ] && [ -z "$(find . -path ./build -prune -o -path ./.git -prune -o -path ./tests -prune -o \
		-type f -newer "$out/built" -print -quit)" ] && echo "$out"
}
! is_built || exit 0

# of alternatives the first, for the newer Debian, and the last for the others
take='s/^ ([a-z0-9-]+).*/\1/p'
[ "$suite" = trixie ] || take='s/^ (.*\| *)?([a-z0-9-]+).*/\2/p'
needs=$(sed -n '/^Build-Depends:/,/^[A-Z][A-Za-z-]*:/p' packaging/debian/control | sed -nE "$take" |
	sed 's/^debhelper-compat$/debhelper/' | paste -sd,)
tree=$cache/build-$suite-$(printf '%s' "$needs" | sha256sum | cut -c1-12)
exec 9>"$cache/lock"
flock 9 || exit 1
! is_built || exit 0 # by another machine's test meanwhile
work=$(mktemp -d "$cache/new.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
if [ ! -d "$tree" ]; then
	LC_ALL=C mmdebstrap --quiet --variant=buildd --include="$needs" "$suite" "$work/tree" \
		"deb http://deb.debian.org/debian $suite main" >"$log" 2>&1 9>&- || exit 1
	rm -rf "$cache/build-$suite-"*
	mv "$work/tree" "$tree" || exit 1
fi
mkdir "$work/source"
tar -c --exclude=./build --exclude=./.git . | tar -x -C "$work/source"
# in a mount namespace of its own: nothing stays mounted, however it ends
unshare --mount --propagation private bash -c '
	mount --bind "$1" "$2/mnt" && mount -t proc proc "$2/proc" &&
	LC_ALL=C HOME=/root DEB_BUILD_OPTIONS="${3-nocheck noautodbgsym}" \
		chroot "$2" nice bash /mnt/packaging/deb.sh /mnt/build/deb' - \
	"$work/source" "$tree" ${VM_BUILD_OPTIONS+"$VM_BUILD_OPTIONS"} >"$log" 2>&1 9>&- </dev/null || {
	tail -n 20 "$log" >&2
	exit 1
}
rm -rf "$out"
mkdir -p "$out"
cp "$work"/source/build/deb/*.deb "$work"/source/build/deb/*.changes "$out" && touch "$out/built" && echo "$out"
