#!/bin/bash
# contained rootfs create: each kind of tree is one that contained -m runs in, and what fails leaves nothing.
. "$(dirname "$0")/../lib/fixture.sh"
fixture_start
contained=$P/bin/contained
trees=$P/trees
mkdir -m 0755 "$trees"
cd "$trees" || bail "cannot enter $trees"

# in_tree DIR COMMAND…: without the words of the steps
in_tree()
{
	local tree=$1

	shift
	"$contained" -q -m "$tree" -u 0 -c "$@" 2>&1 </dev/null | grep -v 'warning: this host cannot give'
}

# --- busybox ----------------------------------------------------------------------------------
said=$("$contained" rootfs create bb --busybox 2>"$P/private/steps")
is "a tree of busybox is made" "$?" 0
is "standard output is the line for contained.conf" "$said" "root = $trees/bb"
like "each step is a line" "$(cat "$P/private/steps")" '=> copying busybox and linking its names…done\.'
is "a shell runs in it" "$(in_tree bb sh -c 'id -un; echo $((6 * 7)) | sed s/4/x/')" $'root\nx2'
mount --bind bb bb && mount -o remount,bind,ro bb
is "on a read-only file system, too" "$(in_tree "$trees/bb" sh -c 'echo in >/tmp/x; cat /tmp/x')" in
umount bb
is "all of it is the caller's" "$(find bb ! -user root)" ""
is "without setuid or setgid, nor for others to write but in tmp" \
	"$(find bb ! -type l -perm /6022 ! -path bb/tmp ! -path bb/var/tmp)" ""
said=$(unshare -m --propagation private sh -c "mount --bind /bin/ls '$(realpath "$(command -v busybox)")' &&
	exec '$contained' rootfs create dynamic --busybox" 2>&1)
is "a dynamic busybox is refused" "$?" 1
contains "with the package that helps" "$said" "apt install busybox-static"
fails "and no directory is left" test -e dynamic

# --- programs of the host -----------------------------------------------------------------------
succeeds "a tree of the host's programs is made" "$contained" rootfs create fh --from-host bash ls id vim /usr/bin/less
is "they run in it" "$(in_tree fh bash -c 'id -u; ls -d /usr')" $'0\n/usr'
like "one behind links of links, too" "$(in_tree fh vim --version)" '^VIM - Vi IMproved'
like "and a pager" "$(in_tree fh less --version)" '^less [0-9]'
is "bash is sh there" "$(in_tree fh sh -c 'echo "${BASH_VERSION%%.*}"')" "${BASH_VERSINFO[0]}"
is "terminals are known" "$(TERM=xterm in_tree fh bash -c '[ -e /lib/terminfo/x/xterm ] || [ -e /usr/share/terminfo/x/xterm ]; echo $?')" 0
if [ -d /usr/lib/locale/C.utf8 ]; then
	is "so is C.UTF-8" "$(in_tree fh bash -c 'LC_ALL=C.UTF-8; x=é; echo ${#x}')" 1
fi
printf '#!/bin/bash\necho a script\n' >"$P/private/script"
chmod 0755 "$P/private/script"
succeeds "a script brings its interpreter" "$contained" rootfs create script --from-host "$P/private/script"
is "and runs" "$(in_tree script "$P/private/script")" "a script"

# as an ordinary user, for the door without root
home=$(getent passwd ctest1 | cut -d: -f6)
as_user() { setpriv --reuid ctest1 --regid ctest1 --clear-groups --reset-env "$@"; }
succeeds "an ordinary user makes one, too" as_user "$contained" rootfs create "$home/tree" --from-host bash id
is "which is the user's" "$(find "$home/tree" ! -user ctest1)" ""
if as_user unshare -U true 2>/dev/null; then
	is "and good for a container without root" \
		"$(as_user "$contained" -q -m "$home/tree" -u 0 -c bash -c 'id -u' 2>/dev/null </dev/null)" 0
	# the state root of a user's sessions stays
	rm -rf "/tmp/contained-$(id -u ctest1)" "/run/user/$(id -u ctest1)/contained"
else
	skip "no user namespaces for users here" "and good for a container without root"
fi

# --- Debian -------------------------------------------------------------------------------------
# with_fake SCRIPT COMMAND…: a mmdebstrap that does what the test wants
with_fake()
{
	printf '#!/bin/bash\n%s\n' "$1" >"$P/private/mmdebstrap"
	chmod 0755 "$P/private/mmdebstrap"
	shift
	unshare -m --propagation private sh -c 'mount --bind "$1" /usr/bin/mmdebstrap; shift; exec "$@"' sh \
		"$P/private/mmdebstrap" "$@"
}
if [ -x /usr/bin/mmdebstrap ]; then
	install -D -m 4755 "$(command -v busybox)" "$P/private/made/bin/su"
	install -D -m 0755 "$(command -v busybox)" "$P/private/made/bin/sh"
	mkdir "$P/private/made/dev" && touch "$P/private/made/dev/x"
	ln -s / "$P/private/made/out" # must not lead out of the tree
	export MADE=$P/private/made
	succeeds "what mmdebstrap makes is unpacked" with_fake "echo \"\$*\" >'$P/private/arguments'
		exec tar -c -C '$P/private/made' ." "$contained" rootfs create fake --debian bookworm --include=less,vim-tiny
	contains "with the suite and the packages" "$(cat "$P/private/arguments")" "--include=less,vim-tiny bookworm -"
	with_fake 'echo "$*" >"$MADE.arguments"; exec tar -c -C "$MADE" .' "$contained" rootfs create plain --debian bookworm 2>/dev/null
	unlike "without packages there is no empty list of them" "$(cat "$MADE.arguments")" "--include"
	is "setuid programs lose that" "$(stat -c %a fake/bin/su)" 755
	is "devices stay away" "$(ls fake/dev)" ""
	said=$(with_fake 'tar -c -C "$MADE" .; echo broken >&2; exit 3' "$contained" rootfs create broken --debian bookworm 2>&1)
	is "a failure of it is one" "$?" 1
	contains "which is told" "$said" "mmdebstrap did not make it"
	fails "and leaves nothing" test -e broken
	with_fake 'tar -c -C "$MADE" . ; sleep 300' "$contained" rootfs create stopped --debian bookworm >/dev/null 2>&1 8<&- &
	pid=$!
	eventually 5 test -e stopped/bin/sh
	kill -TERM "$(pgrep -f "^$contained rootfs create stopped")"
	wait "$pid"
	is "an interruption ends it" "$?" 1
	fails "and leaves nothing, either" test -e stopped
	# shellcheck disable=SC1091
	suite=$(. /etc/os-release && [ "$ID" = debian ] && echo "$VERSION_CODENAME")
	if [ -n "$suite" ] && python3 -c "import urllib.request as u; u.urlopen('http://deb.debian.org/debian/dists/$suite/Release', timeout=10)" \
		2>/dev/null; then
		succeeds "Debian $suite is made" "$contained" rootfs create deb --debian "$suite" --include=less
		contains "and runs" "$(in_tree deb sh -c 'cat /etc/os-release; less --version')" "VERSION_CODENAME=$suite"
		is "nothing in it is setuid" "$(find deb -type f -perm /6000)" ""
	else
		skip "no mirror of Debian answers" "Debian is made"
	fi
	said=$(unshare -m --propagation private sh -c "mount --bind /dev/null /usr/bin/mmdebstrap &&
		exec '$contained' rootfs create none --debian bookworm" 2>&1)
	contains "without mmdebstrap the package is named" "$said" "apt install mmdebstrap"
else
	skip "no mmdebstrap: make deps" "Debian"
fi

# --- refusals -------------------------------------------------------------------------------------
refuses()
{
	local name=$1 want=$2 said

	shift 2
	said=$("$contained" rootfs create "$@" 2>&1)
	[ $? -eq 1 ] || not_ok "$name: exit status 1"
	contains "$name" "$said" "$want"
}
mkdir full open && touch full/file && chmod 1777 open && ln -s bb link
refuses "a directory that is not empty is left alone" "is there already" full --busybox
is "as it was" "$(ls full)" file
refuses "a link is no directory" "cannot be opened as a directory" link --busybox
refuses "where others may write, none is made" "is in a directory that others may write" open/tree --busybox
fails "and there is none" test -e open/tree
refuses "a program that is not there is named" "nonesuch: is no program of this host" none --from-host bash nonesuch
fails "and what was begun is gone" test -e none
mkdir empty
refuses "in a directory that was there" "nonesuch" empty --from-host bash nonesuch
is "the directory stays, and nothing in it" "$(ls -d empty; ls -A empty)" empty
for arguments in "" "make x" "create" "create x" "create x --busybox --from-host ls" "create x --from-host" \
	"create x --busybox y" "create x --busybox --include=less" "create x --nonsense"; do
	# shellcheck disable=SC2086
	"$contained" rootfs $arguments >/dev/null 2>&1
	is "a usage error: rootfs $arguments" "$?" 2
done
fails "and no directory is made" test -e x

cd /
fixture_end
done_testing
