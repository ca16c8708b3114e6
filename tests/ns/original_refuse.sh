#!/bin/bash
# What contained -m ROOTFS -u UID -c COMMAND… cannot do: one clear line, and the exit status that goes with it.
. "$(dirname "$0")/../lib/original.sh"
original_start
usage='usage: contained -m ROOTFS -u UID'
inside=$P/inside
mkdir "$inside"

# --- the root tree --------------------------------------------------------------------------------
said 125 "$P/nowhere: cannot be used as the root tree: No such file .*hint: " "no root tree" \
	original -m "$P/nowhere" -u 0 -c sh
said 125 "is no root tree: Not a directory .*hint: " "a file as root tree" original -m /etc/passwd -u 0 -c sh
said 127 "sh: is in none of .*hint: " "an empty tree" original -m "$inside" -u 0 -c sh
install -d -m 0700 "$P/closed" "$P/closed/tree"
said 125 "closed/tree: cannot be used as the root tree: Permission denied .*hint: " "a tree behind a closed directory" \
	user_original -m "$P/closed/tree" -u 0 -c sh
chmod 0755 "$P/closed"
said 125 "closed/tree: cannot be read: Permission denied .*hint: " "a tree that cannot be read" \
	user_original -m "$P/closed/tree" -u 0 -c sh

# --- the command ----------------------------------------------------------------------------------
for run in original user_original; do
	said 127 "nosuch: is in none of /usr/local/sbin:.*hint: " "$run: no such command" $run -m "$BOX" -u 0 -c nosuch
	said 127 "/bin/nosuch: is not in the root tree" "$run: no such path" $run -m "$BOX" -u 0 -c /bin/nosuch
	said 126 "bin/sh: is a relative path" "$run: a relative path" $run -m "$BOX" -u 0 -c bin/sh
	said 126 "/bin: is not a regular file" "$run: a directory" $run -m "$BOX" -u 0 -c /bin
	said 2 "no command" "$run: an empty command" $run -m "$BOX" -u 0 -c ''
done
printf 'text\n' >"$BOX/etc/text"
said 126 "may not be executed: Permission denied" "a file without x" original -m "$BOX" -u 0 -c /etc/text
chmod 0755 "$BOX/etc/text"
said 126 "neither an ELF program nor a script" "a text" original -m "$BOX" -u 0 -c /etc/text
printf '#!/bin/gone\n' >"$BOX/etc/text"
said 127 "is a script for /bin/gone, which is not in" "a script whose interpreter is missing" \
	original -m "$BOX" -u 0 -c /etc/text
printf '#!/bin/sh\n' >"$BOX/etc/text"
chmod 0700 "$BOX/etc/text"
said 126 "cannot be executed: Permission denied" "a script that the user may not execute" \
	original -m "$BOX" -u 1000 -c /etc/text
install -m 0700 "$BOX/bin/busybox" "$BOX/bin/mine"
said 126 "/bin/mine: .*Permission denied" "a program by its name that the caller may not read" \
	user_original -m "$BOX" -u 0 -c mine
install -m 0755 /bin/bash "$BOX/bin/bash"
loader=$(ldd /bin/bash | awk '/ld-linux|ld64/ { print $1 }')
said 127 "/bin/bash: needs the loader $loader, which is not in the root tree.*hint: " "its loader is missing" \
	original -m "$BOX" -u 0 -c bash
mkdir -p "$BOX$(dirname "$loader")"
cp -L "$loader" "$BOX$loader"
said 127 "/bin/bash: .*(libtinfo|libc)[^ ]*, which is not" "a library is missing" original -m "$BOX" -u 0 -c bash

# links of the tree lead to the tree, whatever the host has there
mkdir -p "$inside/usr/bin" "$inside/real"
cp "$BOX/bin/busybox" "$inside/usr/bin/busybox"
ln -s /usr/bin "$inside/bin"
ln -s /bin/busybox "$inside/usr/bin/sh"
ln -s /etc/passwd "$inside/real/passwd"
ln -s /usr/bin/env "$inside/usr/bin/out"
is "absolute links are resolved inside" "$(original -m "$inside" -u 0 -c sh -c 'echo in; ls -d /usr/lib 2>/dev/null')" in
said 127 "out: is in none of" "a link to what only the host has" original -m "$inside" -u 0 -c out
said 126 "/bin/loop: .*Too many levels" "a link to itself" \
	bash -c 'ln -s loop "$1/usr/bin/loop"; "$0" -q --limits=off -m "$1" -u 0 -c loop' "$P/bin/contained" "$inside"

# --- the user -------------------------------------------------------------------------------------
for uid in root -1 1x 4294967295 99999999999 ''; do
	said 125 "is not a user id" "-u '$uid'" original -m "$BOX" -u "$uid" -c true
done
said 125 "2000: the id is not in the map of the user namespace" "-u 2000" original -m "$BOX" -u 2000 -c true
is "-u 1999 is the last" "$(original -m "$BOX" -u 1999 -c id -u)" 1999

# --- options --------------------------------------------------------------------------------------
said 2 "no root tree: -m ROOTFS.*$usage" "no -m" original -u 0 -c true
said 2 "no user: -u UID.*$usage" "no -u" original -m "$BOX" -c true
said 2 "no command: -c COMMAND.*$usage" "no -c" original -m "$BOX" -u 0
said 2 "requires an argument.*$usage" "-c without a command" original -m "$BOX" -u 0 -c
said 2 "the command stands behind -c: -c true.*$usage" "a command without -c" original -m "$BOX" -u 0 true
said 2 "unrecognized option '--nonsense=1'.*$usage" "an unknown option" original -m "$BOX" -u 0 --nonsense=1 -c true
said 2 "requires an argument.*$usage" "an option without its value" original -m "$BOX" -u 0 --memory
said 125 'memory: "12q" is not a size' "a size that is none" original -m "$BOX" -u 0 --memory=12q -c true
said 125 'network: "bridge" is not one of its values .expected none, host or pasta' "a word that is none" original -m "$BOX" -u 0 --network=bridge -c true
said 125 'keep_caps: .*flying' "a capability that is none" original -m "$BOX" -u 0 --keep-caps=flying -c true
said 125 'pids: .*"0"' "a number out of range" original -m "$BOX" -u 0 --pids=0 -c true
is "what stands behind -c is the command's" "$(original -m "$BOX" -u 0 -c echo -m --pids=0 -q)" "-m --pids=0 -q"
said 125 "no-such-profile" "a profile that is not there" \
	original --conf="$P/contained.conf" --profile=no-such-profile -m "$BOX" -u 0 -c true
said 125 "no-such-file" "a configuration that is not there" \
	bash -c '"$@" 2>&1 | tail -n 1 >&2; exit ${PIPESTATUS[0]}' - "$P/bin/contained" -q --conf=/no-such-file --profile=x \
	-m "$BOX" -u 0 -c true

# --- what the host does not give ------------------------------------------------------------------
said 125 "memory: this host cannot give the limit.*hint: without root" "--limits=require without root" \
	as_user "$P/bin/contained" -q --limits=require -m "$BOX" -u 0 -c true

# readonly_cgroups COMMAND…: where control groups can be read and not made
readonly_cgroups()
{
	unshare --mount --propagation private bash -c 'awk "\$3 ~ /^cgroup/ { print \$2 }" /proc/mounts |
		while read -r at; do mount -o remount,bind,ro "$at" || exit; done; exec "$@"' - "$@"
}
said 125 "(memory|pids|cpu_weight): this host cannot give the limit.*hint: " "--limits=require, cgroups read-only" \
	readonly_cgroups "$P/bin/contained" -q --io-weight=none --limits=require -m "$BOX" -u 0 -c true
said 0 "^contained: warning: this host cannot give the limits: memory cpu_weight pids$" "--limits=try says what is left out" \
	readonly_cgroups "$P/bin/contained" -q --io-weight=none -m "$BOX" -u 0 -c true

no_userns=(python3 "$TOP/tests/lib/userns.py")
said 125 "user namespace: cannot be made: No space left on device .*max_user_namespaces" "--userns=require, and there is none" \
	"${no_userns[@]}" "$P/bin/contained" -q --limits=off --userns=require -m "$BOX" -u 0 -c true
said 125 "user namespace: cannot be made: No space left on device .*max_user_namespaces" "nor is one without root" \
	"${no_userns[@]}" setpriv --reuid ctest1 --regid ctest1 --clear-groups "$P/bin/contained" -q --limits=off \
	-m "$BOX" -u 0 -c true
for uid in 0 1000; do
	is "--userns=try, -u $uid: the downgrade is told, and no capability kept" \
		"$("${no_userns[@]}" "$P/bin/contained" -q --limits=off -m "$BOX" -u $uid -c sh -c 'id -u; grep Cap /proc/self/status |
			cut -f 2 | sort -u' 2>&1 </dev/null)" \
		"contained: warning: without a user namespace, which this host does not make"$'\n'"$uid"$'\n'"0000000000000000"
done
contains "and narrated" "$("${no_userns[@]}" "$P/bin/contained" --limits=off -m "$BOX" -u 0 -c true 2>&1)" \
	$'=> trying a user namespace…unsupported? continuing.\n'
said 125 "user_namespace: is off in the policy, but without root" "--userns=off without root" \
	as_user "$P/bin/contained" -q --limits=off --userns=off -m "$BOX" -u 0 -c true

original_end
done_testing
