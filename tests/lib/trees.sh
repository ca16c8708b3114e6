# shellcheck shell=bash
# trees.sh: root trees for the tests of the command: busybox, Debian, and one whose libc is musl.

# What is slow to make and always the same, kept from run to run.
TREE_CACHE=/var/cache/contained-test

# tree_busybox DIRECTORY: with the probe; false where there is no static busybox
tree_busybox()
{
	local busybox applet

	busybox=$(command -v busybox) && ! ldd "$busybox" >/dev/null 2>&1 || return 1
	mkdir -p "$1/bin" "$1/etc"
	cp "$busybox" "$1/bin/busybox"
	for applet in $("$busybox" --list); do
		[ "$applet" = busybox ] || ln -s busybox "$1/bin/$applet"
	done
	cp "$BUILD/probe" "$1/bin/probe"
}

# Debian of the running suite, with ps, tmux and vim: prints where it is; false where it cannot be made
tree_debian()
{
	local suite tree

	suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	tree=$TREE_CACHE/debian-$suite
	[ -n "$suite" ] && command -v mmdebstrap >/dev/null || return 1
	if [ ! -d "$tree" ]; then
		rm -rf "$tree.new"
		mkdir -p "$TREE_CACHE"
		LC_ALL=C mmdebstrap --quiet --variant=essential --include=procps,tmux,vim-tiny,ncurses-base \
			"$suite" "$tree.new" >/dev/null 2>&1 8<&- && mv "$tree.new" "$tree" || return 1
	fi
	echo "$tree"
}

# tree_musl DIRECTORY: as tree_busybox, and /bin/hello, which needs musl's loader
tree_musl()
{
	local loader

	loader=/lib/ld-musl-$(uname -m).so.1
	command -v musl-gcc >/dev/null && [ -e "$loader" ] && tree_busybox "$1" || return 1
	mkdir -p "$1/lib"
	cp -L "$loader" "$1$loader"
	musl-gcc -o "$1/bin/hello" -x c - <<-END
		#include <stdio.h>
		#include <unistd.h>
		int main(void) { printf("hello from uid %d\n", getuid()); return 4; }
	END
}
