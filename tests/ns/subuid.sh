#!/bin/bash
# user_map = subuid: more than one id without root. The users' ranges are in a copy of /etc that this suite alone sees.
. "$(dirname "$0")/../lib/original.sh"
original_start
GROUP_ID=$(id -g ctest1)
command -v newuidmap >/dev/null && command -v newgidmap >/dev/null || {
	skip "no newuidmap: make deps" "user_map = subuid"
	original_end
	done_testing
}
cp -a /etc "$P/private/etc"

# ranges FILE LINE…: of the copy
ranges()
{
	local file=$1

	shift
	printf '%s\n' "$@" >"$P/private/etc/$file"
}

# with_etc COMMAND…: the copy for it; nothing of that reaches the machine
with_etc()
{
	timeout -k 1 15 unshare --mount --propagation private -- bash -c 'mount --bind "$0" /etc && exec "$@"' "$P/private/etc" "$@"
}

# run UID OPTION… -c COMMAND…: as ctest1
run()
{
	with_etc setpriv --reuid ctest1 --regid ctest1 --init-groups --inh-caps=-all env -i PATH="$PATH" \
		"$P/bin/contained" -q --limits=off --user-map=subuid -m "$BOX" "$@"
}

original -m "$BOX" -u 0 -c true # which makes the places to mount on
ranges subuid "# ranges" "ctest1:700000:65536"
ranges subgid "ctest1:800000:1000"

# --- who is who -----------------------------------------------------------------------------------
is "-u 0: uids" "$(run -u 0 -c cat /proc/self/uid_map | xargs)" "0 $USER_ID 1 1 700000 65535"
is "-u 0: gids, as far as the range goes" "$(run -u 0 -c cat /proc/self/gid_map | xargs)" "0 $GROUP_ID 1 1 800000 1000"
is "-u 7: one's own in its place, and nobody is user 0" "$(run -u 7 -c cat /proc/self/uid_map | xargs)" \
	"1 700000 6 7 $USER_ID 1 8 700006 65528"
is "as user 0 one may give a file away" "$(run -u 0 -c sh -c 'echo x >/tmp/x && chown 5:5 /tmp/x && stat -c %u:%g /tmp/x')" 5:5
is "as another user not" "$(run -u 7 -c sh -c 'echo x >/tmp/x && chown 5:5 /tmp/x 2>/dev/null; stat -c %u /tmp/x')" 7
is "what is beyond the maps is refused" "$(run -u 0 -c sh -c 'echo x >/tmp/x; chown 65536 /tmp/x 2>/dev/null; echo $?')" 1

# outside: a process of another user of the session, by its number there
printf '%s\n' 'root:x:0:0::/:/bin/sh' 'daemon:x:5:5::/:/bin/sh' >"$BOX/etc/passwd"
printf '%s\n' 'root:x:0:' 'daemon:x:5:' >"$BOX/etc/group"
: >"$P/private/said"
run -u 0 -c su -s /bin/sh -c 'echo ready; exec sleep 1009' daemon >"$P/private/said" 2>&1 &
job=$!
eventually 5 grep -q ready "$P/private/said" || diag "$(cat "$P/private/said")"
is "outside it is one of the range, its group too" \
	"$(ps -eo ruid=,rgid=,args= | awk '$0 ~ /sleep 1009/ && $3 == "sleep" { print $1 ":" $2 }')" 700004:800004
kill -KILL "$(ps -eo pid=,ruid=,args= | awk -v uid="$USER_ID" '$2 == uid && /contained -q/ && !/awk/ { print $1; exit }')"
wait "$job" 2>/dev/null
# nobody_of_range: no process has an id of the range
nobody_of_range()
{
	! ps -eo ruid= | awk '$1 >= 700000 && $1 < 765536' | grep -q .
}
succeeds "and it ends with the session" eventually 2 nobody_of_range

# --- groups that keep somebody out --------------------------------------------------------------------
is "who is not user 0 leaves no group" "$(run -u 7 -c cat /proc/self/setgroups)" deny
is "user 0 may, as newgidmap(1) lets who has a range" "$(run -u 0 -c cat /proc/self/setgroups)" allow
is "self: neither may" "$(run --user-map=self -u 0 -c cat /proc/self/setgroups)" deny

# --- the host's files -------------------------------------------------------------------------------
install -d -m 0777 "$P/shared"
mkdir -p "$BOX$P/shared" # a place to mount it on
is "files made outside are the caller's own" "$(run -u 0 --writable="$P/shared" -c sh -c "echo x >$P/shared/own" 2>&1
	stat -c %u:%g "$P/shared/own")" "$USER_ID:$GROUP_ID"
is "or given away, of the range" "$(run -u 0 --writable="$P/shared" -c sh -c "echo x >$P/shared/given && chown 5:5 $P/shared/given" 2>&1
	stat -c %u:%g "$P/shared/given")" 700004:800004
echo roots >"$P/shared/roots"
chmod 0600 "$P/shared/roots"
for command in "cat $P/shared/roots" "chown 5 $P/shared/roots" "chmod 4755 $P/shared/roots"; do
	fails "root's file, ${command%% *}" run -u 0 --writable="$P/shared" -c sh -c "$command"
done
is "nothing of it changed" "$(stat -c %u:%a "$P/shared/roots")" 0:600
# its capabilities are over the maps alone, and there is no user 0 to become
adopt "refused to a user of more ids" < <(run -u 1000 -c probe escape /tmp </dev/null 2>&1 |
	grep -E '^(not )?ok' | grep -vE 'bounding_set holds 8$|setuid_0 got EINVAL')

# --- the login shell ----------------------------------------------------------------------------------
printf '%s\n' '[default]' 'limits = try' 'user_map = subuid' >"$P/etc/contained/contained.conf"
shell()
{
	with_etc setpriv --reuid ctest1 --regid ctest1 --init-groups --inh-caps=-all env -i PATH="$PATH" \
		"$P/bin/contained-shell" -c "$1" 2>&1
}
is "contained-shell: user 0 is nobody, the user is itself" "$(shell 'cat /proc/self/uid_map' | xargs)" \
	"1 700000 $((USER_ID - 1)) $USER_ID $USER_ID 1 $((USER_ID + 1)) $((700000 + USER_ID - 1)) $((65535 - USER_ID))"
is "contained-shell: groups stay" "$(shell 'cat /proc/self/setgroups; id -u')" "deny"$'\n'"$USER_ID"
like "contained-shell: no capability" "$(shell 'grep CapEff /proc/self/status')" '0000000000000000$'
fails "contained-shell: nobody becomes another" shell 'setpriv --reuid 5 true'

# --- refused ----------------------------------------------------------------------------------------
ranges subuid "ctest2:700000:65536"
said 125 "/etc/subuid: has no ids for this user.*--add-subuids.*user_map = self" "no range" run -u 0 -c true
ranges subuid "ctest1:0:65536"
said 125 "/etc/subuid: gives this user ids from 0 on" "the system's ids" run -u 0 -c true
ranges subuid "ctest1:$USER_ID:1"
said 125 "/etc/subuid: gives this user $USER_ID, which is the user's own id" "one's own id" run -u 0 -c true
other=$(id -u ctest2)
ranges subuid "ctest1:$other:1"
said 125 "/etc/subuid: gives this user $other, which is the id of ctest2" "the id of another account" run -u 0 -c true
ranges subuid "$USER_ID:700000:65536"
is "a range by the uid" "$(run -u 0 -c id -u)" 0
rm "$P/private/etc/subgid"
said 125 "/etc/subgid: has no ids for this user" "no file of groups' ranges" run -u 0 -c true
mkfifo "$P/private/etc/subgid"
said 125 "/etc/subgid: is not a regular file" "a FIFO in its place" run -u 0 -c true
rm "$P/private/etc/subgid"
ranges subgid "ctest1:800000:1000"

# other_programs COMMAND…: the machine's /usr/bin, without newuidmap or with one that does nothing
other_programs()
{
	local kind=$1

	shift
	timeout -k 1 15 unshare --mount --propagation private -- bash -c 'mount --bind "$0" /etc
		case $1 in
		none) mount --bind /dev/null /usr/bin/newuidmap ;;
		mine) cp /bin/true "$2/mine" && chown ctest2 "$2/mine" && mount --bind "$2/mine" /usr/bin/newuidmap ;;
		idle) cp /bin/true "$2/idle" && mount --bind "$2/idle" /usr/bin/newuidmap ;;
		fails) cp /bin/false "$2/fails" && mount --bind "$2/fails" /usr/bin/newuidmap ;;
		hangs) printf "#!/bin/sh\nsleep 1013\n" >"$2/hangs" && chmod 755 "$2/hangs" && mount --bind "$2/hangs" /usr/bin/newuidmap ;;
		esac
		shift 2 && exec setpriv --reuid ctest1 --regid ctest1 --init-groups --inh-caps=-all "$@"' "$P/private/etc" "$kind" "$P/private" \
		"$P/bin/contained" -q --limits=off --user-map=subuid -m "$BOX" "$@"
}
for kind in none mine; do
	said 125 "newuidmap: is not installed as root's.*apt install uidmap" "a program that is not root's: $kind" \
		other_programs $kind -u 0 -c true
done
said 125 "user: /usr/bin/newuidmap: did not write the map" "a program that fails" other_programs fails -u 0 -c true
said 125 "user namespace|uid_map|gid_map|cannot" "a program that does nothing" other_programs idle -u 0 -c true
printf '%s\n' '[contained]' 'deadline = 1s' '[default]' >"$P/etc/contained/contained.conf"
said 125 "did not finish|took longer" "a program that hangs" other_programs hangs -u 0 -c true
no_sleeper()
{
	! pgrep -f "sleep 1013" >/dev/null
}
succeeds "and nothing is left of it" eventually 2 no_sleeper

original_end
done_testing
