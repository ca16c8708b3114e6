#!/bin/bash
# What options and profiles change in contained -m … -c …, and what its filter refuses and lets work.
. "$(dirname "$0")/../lib/original.sh"
original_start

# inside OPTION… -- SHELL TEXT: as root, user 0
inside()
{
	local options=()

	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	original "${options[@]}" -m "$BOX" -u 0 -c sh -c "$2" 2>&1 </dev/null
}

# while_running OPTION SCRIPT FILE…: what the host reads meanwhile in the session's control groups
while_running()
{
	local option=$1 name file

	shift
	: >"$P/private/name" # not the last one's
	mkfifo "$P/private/go"
	original "$option" -m "$BOX" -u 0 -c sh -c 'hostname; read line' <"$P/private/go" >"$P/private/name" 2>&1 8<&- &
	exec 7>"$P/private/go"
	eventually 5 test -s "$P/private/name"
	name=$(head -n 1 "$P/private/name")
	for file; do
		find "$LEFT_CGROUPS" -path "*/contained/$name/$file" -exec cat {} + 2>/dev/null
	done
	exec 7>&-
	wait $!
	rm "$P/private/go"
}

# --- settings ---------------------------------------------------------------------------------------
is "--memory: what eats more is killed" "$(inside --memory=32M -- 'probe eat 100; echo $?' | tail -n 1)" 137
is "--memory=none: no such limit" "$(inside --memory=none -- 'probe eat 40 >/dev/null; echo $?')" 0
like "--cpu-weight" "$(while_running --cpu-weight=50 cpu.shares cpu.weight)" '^(512|50)$'
is "--pids" "$(while_running --pids=17 pids.max)" 17
like "--pids holds" "$(inside --pids=10 -- 'probe forkbomb 30')" 'forked [5-9] of 30'
io=$("$P/bin/contained" -q --io-weight=20 -m "$BOX" -u 0 -c true 2>&1)
if [ -z "$io" ]; then
	like "--io-weight" "$(while_running --io-weight=20 io.weight blkio.weight io.bfq.weight blkio.bfq.weight)" '(^| )20'
else
	is "--io-weight: where disks have none it is left out, and told" "$io" \
		"contained: warning: this host cannot give the limits: io_weight"
fi
is "--limits=off: no control groups" "$(while_running --limits=off pids.max)" ""
is "--rlimit-nofile" "$(inside --rlimit-nofile=32:48 -- 'ulimit -n; ulimit -Hn' | paste -sd' ')" "32 48"
is "no network but loopback" "$(inside -- 'ls /sys/class/net')" lo
for run in original user_original; do
	is "$run: --network=host" "$($run --network=host -m "$BOX" -u 0 -c readlink /proc/self/ns/net)" "$(readlink /proc/self/ns/net)"
done
contains "the tree is read-only" "$(inside -- 'touch /bin/new')" "Read-only file system"
is "--root-mode: written over, for whom it belongs to" \
	"$(inside --userns=off --root-mode=overlay-ephemeral -- 'echo over >/bin/new && cat /bin/new')" over
is "without root, too" "$(cp -R "$BOX" "$P/copy" && chown -R ctest1: "$P/copy" && user_original \
	--root-mode=overlay-ephemeral -m "$P/copy" -u 0 -c sh -c 'echo over >/bin/new && cat /bin/new' 2>&1)" over
is "and gone afterwards" "$(ls "$BOX/bin/new" "$P/copy/bin/new" 2>/dev/null)" ""
is "--keep-caps" "$(inside --keep-caps=chown -- 'grep CapBnd /proc/self/status | cut -f 2')" 0000000000000001
is "--keep-caps, none" "$(inside --keep-caps= -- 'grep Cap /proc/self/status | cut -f 2 | sort -u')" 0000000000000000
is "--seccomp=off" "$(inside --seccomp=off -- 'grep Seccomp: /proc/self/status | cut -f 2')" 0
is "--seccomp=default lets a directory be setgid" \
	"$(inside --seccomp=default -- 'mkdir /tmp/d && chmod 2775 /tmp/d && stat -c %a /tmp/d')" 2775

conf_write <<-END
	[default]
	pids = 99
	[box]
	rlimit_nofile = 33
	network = host
END
profile=(--conf="$P/contained.conf" --profile=box)
is "--profile: its values, in place of the original's" "$(inside "${profile[@]}" -- 'ulimit -n; cat /proc/self/uid_map |
	xargs; readlink /proc/self/ns/net' | paste -sd' ')" "33 0 10000 2000 $(readlink /proc/self/ns/net)"
is "what is said goes over the profile" "$(inside "${profile[@]}" --rlimit-nofile=34 -- 'ulimit -n')" 34
is "--profile: no capability that it does not keep" \
	"$(inside "${profile[@]}" -- 'grep Cap /proc/self/status | cut -f 2 | sort -u')" 0000000000000000

# what a tree says of its users must not open a directory of the host
mkdir "$P/hosts"
printf 'root:x:0:0::%s:/bin/sh\n' "$P/hosts" >"$BOX/etc/passwd"
inside "${profile[@]}" --userns=off -- "mkdir -p '$P/hosts'; echo x >'$P/hosts/x'" >/dev/null
is "a home that the tree's passwd names is not the host's" "$(ls "$P/hosts")$(inside "${profile[@]}" -- "ls -d '$P' 2>/dev/null")" ""
contains "--home=own is refused there" "$(inside --home=own -- true; echo $?)" "contained: home: of a user of another root tree"
rm "$BOX/etc/passwd"
is "the host's own tree: the home is the user's" "$(original "${profile[@]}" --userns=off -m / -u "$USER_ID" \
	-c bash -c 'cd; pwd; touch here && ls' 2>&1)" "$(getent passwd ctest1 | cut -d: -f6)"$'\nhere'

# --- the filter -------------------------------------------------------------------------------------
# The bounding set is the subject of original.sh; without root there is no user 0 to become.
adopt "refused" < <(original -m "$BOX" -u 1000 -c probe escape /tmp </dev/null 2>&1 | grep -v ' bounding_set ')
adopt "refused without root" < <(user_original -m "$BOX" -u 1000 -c probe escape /tmp </dev/null 2>&1 |
	grep -vE ' (bounding_set|setuid_0) ')
adopt "refused to user 0 without a user namespace" < <(original --userns=off -m "$BOX" -u 0 -c probe escape /tmp </dev/null 2>&1 |
	grep -vE ' setuid_0 ')
for run in original user_original; do
	works=$($run -m "$BOX" -u 1000 -c probe works /tmp </dev/null 2>&1)
	setgid='chmod_2775|chmod_02755|setgid_kept'
	is "$run: no setgid files, which the original refused" "$(grep -cE "^not ok ($setgid) got EPERM" <<<"$works")" 3
	adopt "$run: works" < <(grep -vE "^not ok ($setgid) " <<<"$works")
done
for route in chmod mkdir; do
	contains "setgid by $route" "$(inside -- "case $route in
		chmod) touch /tmp/f && chmod 2755 /tmp/f ;;
		mkdir) mkdir -m 2755 /tmp/d ;;
		esac; stat -c %a /tmp/f /tmp/d 2>/dev/null")" "Operation not permitted"
done

original_end
done_testing
