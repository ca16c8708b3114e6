#!/bin/bash
# Root trees that an enemy prepared (U4): links, FIFOs, devices and files where a session reads or mounts. Each gives a
# refusal that says what, or a whole session; none hangs, and nothing of the host behind the links is touched.
. "$(dirname "$0")/../lib/original.sh"
original_start
usermod -s /bin/sh ctest1
tree_busybox "$P/clean" || bail "no static busybox: make deps"
mkdir -p "$P/clean"/{dev,home,proc,root,run,sys,tmp,usr,var/tmp} "$P/decoy/sub" "$P/case"
printf '%s\n' 'root:x:0:0::/:/bin/sh' >"$P/clean/etc/passwd"
printf '%s\n' 'root:x:0:' >"$P/clean/etc/group"
echo secret >"$P/decoy/secret"
echo 'root:x:0:0::/:/bin/sh' >"$P/decoy/passwd"
mkdir -m 1777 "$P/decoy/open" # where anybody may write
T=$P/case/tree
decoy_now()
{
	find "$P/decoy" -printf '%p %y %i %m %U:%G %n %s %T@ %C@\n' | sort
	cat "$P/decoy/secret" "$P/decoy/passwd"
	awk '{ print $5 }' /proc/self/mountinfo | grep -F "$P/" | grep -vF "$T" # what is mounted over it
}
decoy_before=$(decoy_now)

# one_door NAME DOOR COMMAND…: is its end one of the two?
one_door()
{
	local name=$1 door=$2 said status problem=

	shift 2
	said=$(timeout -k 1 15 "$@" 2>&1 </dev/null)
	status=$?
	if [ "$status" -eq 0 ]; then
		[[ $said == *whole* ]] || problem="it says it is well, and ran nothing"
		[[ $said != *secret* ]] || problem="a file of the host's is shown"
		END=works
	else
		[[ $status =~ ^12[567]$ && $said == contained:* && $said != *$'\n'* ]] || problem="no refusal in one line"
		# the steps by which everything is in place: who is refused at these was told late, and not why
		! [[ $said =~ ^contained:\ (pivot|shift|setns|caps|readback|become): ]] || problem="told by the wrong step"
		END=refused
	fi
	[ "$(decoy_now)" = "$decoy_before" ] || problem="the host's directory is another"
	if [ -z "$problem" ] && [[ $END =~ ^($EXPECT)$ ]]; then
		ok "$name, $door: $END"
	else
		not_ok "$name, $door: ${problem:-$END, not $EXPECT}" "exit status $status: $said"
	fi
}

fresh()
{
	umount -l "$T/usr" 2>/dev/null
	rm -rf "$T"
	cp -a "$P/clean" "$T"
}

# hostile WANT NAME COMMAND…: runs the command in a fresh tree, then all doors on it. WANT: works, refused or either
hostile()
{
	local name=$2 mode own
	local command='cat /etc/passwd /etc/group /tmp/secret /run/secret /secret >/tmp/seen 2>/dev/null
		grep secret /tmp/seen; touch /tmp/x && echo whole'

	EXPECT=$1
	[ "$1" != either ] || EXPECT='works|refused'
	shift 2
	for own in 0:0 "$USER_ID:$(id -g ctest1)"; do
		fresh
		(cd "$T" && "$@") || bail "cannot make the tree of: $name"
		chown -hR "$own" "$T"
		for mode in readonly overlay-ephemeral; do
			[ "$own" != 0:0 ] || one_door "$name" "root, $mode" "$P/bin/contained" -q --io-weight=none --root-mode=$mode \
				-m "$T" -u 0 -c sh -c "$command"
			# in an overlay over what is root's an ordinary user can write nothing
			[ "$own $mode" = "0:0 overlay-ephemeral" ] || one_door "$name" "user, tree of $own, $mode" setpriv --reuid ctest1 --regid ctest1 --init-groups \
				--inh-caps=-all "$P/bin/contained" -q --limits=off --root-mode=$mode -m "$T" -u 0 -c sh -c "$command"
		done
	done
}

link()
{
	rm -rf "./$1" && ln -s "$2" "./$1"
}

become()
{
	rm -rf "./$1" && "${@:2}" "./$1"
}

put_socket()
{
	python3 -c 'import os, socket, sys; os.chdir(os.path.dirname(sys.argv[1]) or "."); socket.socket(socket.AF_UNIX).bind(os.path.basename(sys.argv[1]))' "$1"
}

hostile works "a clean tree" true
for place in tmp run var/tmp etc dev proc sys; do
	hostile refused "/$place a link to a directory of the host" link $place "$P/decoy"
done
mkdir_decoy()
{
	mkdir -p ".$P/decoy/sub" && link "$1" "$P/decoy"
}
for place in tmp run etc dev; do
	hostile refused "/$place a link that the tree has, too" mkdir_decoy $place
done
for place in home root usr; do
	hostile works "/$place a link to a directory of the host" link $place "$P/decoy"
done
hostile refused "/var a link to itself" link var var
hostile refused "/etc a link to /etc" link etc /etc
hostile refused "/tmp a link to what all may write on the host" link tmp "$P/decoy/open"
hostile refused "/tmp a link upwards" link tmp "../../../../..$P/decoy"
for place in /proc/1/root /proc/self/cwd proc/self/fd/3 /var/tmp /etc bin .; do
	hostile refused "/tmp a link to $place" link tmp "$place"
done
hostile refused "/proc a link to /tmp" link proc /tmp
hostile refused "/dev a link to /proc/self" link dev proc/self

for place in tmp run etc dev proc sys; do
	hostile refused "/$place a FIFO" become $place mkfifo -m 666
	hostile refused "/$place a file" become $place touch
	hostile refused "/$place a socket" become $place put_socket
done
device()
{
	mknod -m 666 "$1" c 1 5
}
for file in passwd group nsswitch.conf hosts hostname resolv.conf shadow; do
	hostile either "/etc/$file a FIFO" become etc/$file mkfifo -m 666
	hostile either "/etc/$file a device" become etc/$file device
	hostile either "/etc/$file a directory" become etc/$file mkdir
	hostile either "/etc/$file a link to the host's" link etc/$file "$P/decoy/passwd"
	hostile either "/etc/$file a link to /etc/shadow" link etc/$file /etc/shadow
done
for make in "mkfifo -m 666" device mkdir put_socket; do
	hostile refused "/bin/sh is made by $make" become bin/sh $make
done
hostile refused "/bin/sh a link to the host's" link bin/sh "$P/decoy/secret"
hostile refused "/bin a link to the host's" link bin "$P/decoy"
for file in null zero tty ptmx pts shm; do
	hostile works "/dev/$file a file" become dev/$file touch
	hostile works "/dev/$file a FIFO" become dev/$file mkfifo -m 666
	hostile works "/dev/$file a link" link dev/$file "$P/decoy/secret"
done
hostile works "/run/user a link" link run/user "$P/decoy"
hostile works "/run/contained a link" link run/contained "$P/decoy"

# a file system with setuid files and devices below the tree
mount_below()
{
	mount -t tmpfs below usr && cp bin/busybox usr/su && chmod 4755 usr/su && mknod -m 666 usr/zero c 1 5
}
hostile either "a mount below the tree" mount_below
fresh
(cd "$T" && mount_below)
for mode in readonly overlay-ephemeral; do
	is "what is below is nosuid and nodev, $mode" "$(original --root-mode=$mode -m "$T" -u 0 -c awk \
		'$6 !~ /nosuid/ || ($6 !~ /nodev/ && $5 !~ "^/dev/") { print $5 }' /proc/self/mountinfo)" ""
	fails "no device below the tree, $mode" original --root-mode=$mode -m "$T" -u 0 -c sh -c 'head -c 1 </usr/zero'
done

# what a distribution may have
fresh
(cd "$T" && link var/tmp ../tmp)
is "/var/tmp -> ../tmp: one directory, the session's own" "$(original -m "$T" -u 0 -c sh -c \
	'echo x >/var/tmp/a; ls /tmp /var/tmp')" $'/tmp:\na\n\n/var/tmp:\na'
fresh
like "and as a refusal, what and where" "$(cd "$T" && link tmp "$P/decoy"; original -m "$T" -u 0 -c true 2>&1)" \
	"^contained: mounts: /tmp: is $P/decoy by a link in the root tree"

# --- the PAM door ------------------------------------------------------------------------------------
conf_write <<END
[contained]
deadline = 5s
[default]
root = $T
home = none
END
sshd_start
# by_ssh WANT NAME COMMAND…
by_ssh()
{
	local want=$1 name=$2 said status

	shift 2
	fresh
	(cd "$T" && "$@") || bail "cannot make the tree of: $name"
	said=$(timeout -k 1 15 ssh -F "$SSH_CONFIG" ctest1@box 'touch /tmp/x && echo whole' </dev/null 2>/dev/null)
	status=$?
	case $want in
	works) is "$name, sshd: works" "$status $said" "0 whole" ;;
	refused)
		is "$name, sshd: refused" "$status" 254
		unlike "$name, sshd: nothing ran" "$said" whole
		;;
	esac
	is "$name, sshd: the host's directory is the same" "$(decoy_now)" "$decoy_before"
}
by_ssh works "a clean tree" true
by_ssh works "/var/tmp -> ../tmp" link var/tmp ../tmp
by_ssh refused "/tmp a link to a directory of the host" link tmp "$P/decoy"
by_ssh refused "/etc a link to /etc" link etc /etc
by_ssh refused "/run a FIFO" become run mkfifo -m 666
by_ssh works "/etc/passwd a FIFO" become etc/passwd mkfifo -m 666
by_ssh works "/etc/nsswitch.conf a link to /etc/shadow" link etc/nsswitch.conf /etc/shadow
by_ssh refused "/bin/sh a FIFO" become bin/sh mkfifo -m 666
by_ssh works "/dev/null a file" become dev/null touch

original_end
done_testing
