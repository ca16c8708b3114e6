#!/bin/bash
# What the policy opens and hides: writable, readonly, hide, sockets, mail, automounts, and the same in a root tree.
. "$(dirname "$0")/../lib/fixture.sh"
busybox=$(command -v busybox)
fixture_start
shared=/home/contained-test-shared
run=/run/contained-test-db
mail=/var/mail/ctest1
pids=()
clean()
{
	kill_pids "${pids[@]}"
	pids=()
	rm -rf "$shared" "$run" /var/tmp/contained-test-shared
	rm -f "$mail"
}
trap 'clean; fixture_stop' EXIT
[ ! -e "$shared" ] && [ ! -e "$run" ] && [ ! -e /var/tmp/contained-test-shared ] || bail "somebody else's $shared or $run"
usermod -a -G ctest2 ctest1
home=$(getent passwd ctest1 | cut -d: -f6)

# a project of two people, one's own part of a scratch disk, and what is hidden in both
mkdir -p "$P/project/reference" "$P/project/private" "$P/scratch/ctest1" "$P/scratch/ctest2" "$P/secret/shown" \
	"$shared/tools" /var/tmp/contained-test-shared "$home/.keys" "$P/unnamed"
chgrp -R ctest2 "$P/project"
chmod 2775 "$P/project"
chown ctest1 "$P/scratch/ctest1" /var/tmp/contained-test-shared "$home/.keys" "$P/unnamed"
chown ctest2 "$P/scratch/ctest2"
chmod 0777 "$P/project/reference" "$P/project/private"
ln -s "$P/project" "$P/link"
for file in "$P/project/reference/file" "$P/project/private/file" "$P/secret/file" "$P/secret/shown/file" "$shared/tools/file" \
	"$P/secret-file" "$home/.keys/file"; do
	echo host >"$file"
done
mkdir "$run"
python3 "$TOP/tests/lib/answer.py" "$run/db.sock" "from the database" >/dev/null 8<&- &
pids+=($!)
cat >"$P/view.conf" <<END
[default]
writable = $P/scratch/%u $P/link /var/tmp/contained-test-shared $P/not-there
readonly = $shared $P/project/reference %h/.keys
hide = $P/secret $P/project/private $P/secret-file $P/not-there-either
sockets = $run /run/contained-test-missing
END
conf_write <"$P/view.conf"
succeeds "contained check" "$P/bin/contained" check "$P/contained.conf"
sshd_start
log_mark

in_box()
{
	box ctest1 "$@" </dev/null 2>&1
}

# --- writable -----------------------------------------------------------------------------------------
is "one's own part of the scratch is the host's, writable" \
	"$(in_box "echo mine >$P/scratch/ctest1/f && cat $P/scratch/ctest1/f")$(cat "$P/scratch/ctest1/f")" minemine
[ "$tap_failed" -eq 0 ] || diag "$(log_since)"
contains "another's is read-only" "$(in_box "touch $P/scratch/ctest2/f")" "cannot touch"
contains "what is named nowhere is read-only" "$(in_box "touch $P/unnamed/f")" "Read-only"
is "below the private /var/tmp" "$(in_box "cd /var/tmp/contained-test-shared && echo x >f && ls /var/tmp")$(cat /var/tmp/contained-test-shared/f)" \
	contained-test-sharedx
is "a link of root's leads there, by both names" \
	"$(in_box "echo a >$P/link/a && cat $P/project/a && echo b >$P/project/b && cat $P/link/b")" $'a\nb'
is "git init --shared and a commit in a 2775 directory" "$(in_box "cd $P/project && umask 002 &&
	git init -q --shared=group g && cd g && echo x >f && git add f &&
	git -c user.name=t -c user.email=t@t commit -qm one && git log --format=%s && stat -c '%A %G' .git/objects")" \
	$'one\ndrwxrwsr-x ctest2'
is "the other one commits to it" "$(box ctest2 "cd $P/project/g && git config --global --add safe.directory '*' &&
	echo y >>f && git -c user.name=t -c user.email=t@t commit -qam two && git log --format=%s" </dev/null 2>&1)" $'two\none'
is "rsync -a of a setgid directory" "$(in_box "cd $P/project && mkdir -p from/d && chmod 2775 from/d && echo x >from/d/f &&
	rsync -a from/ to/ && stat -c '%a %G' to/d")" "2775 ctest2"
is "on the host it has them, too" "$(stat -c '%a %U' "$P/project/to/d/f")" "644 ctest1"
contains "no setuid file is made of it" "$(in_box "cd $P/project && cp /bin/true t && chmod u+s t")" "not permitted"

# --- readonly, hide --------------------------------------------------------------------------------------
is "below a covered /home" "$(in_box "ls /home; cat $shared/tools/file")" $'contained-test-shared\nctest1\nhost'
contains "read-only" "$(in_box "touch $shared/tools/f")" "cannot touch"
is "a part of a writable path" "$(in_box "cat $P/project/reference/file")" host
contains "is read-only, though the modes allow it" "$(in_box "touch $P/project/reference/f")" "Read-only"
contains "a part of the home is read-only" "$(in_box "echo x >$home/.keys/file")" "Read-only"
contains "and cannot be moved away" "$(in_box "mv $home/.keys $home/.k")" "busy"
is "a hidden directory is empty" "$(in_box "ls -A $P/secret $P/project/private")" "$P/project/private:"$'\n\n'"$P/secret:"
is "a hidden file is empty" "$(in_box "stat -c %s $P/secret-file; cat $P/secret-file" | head -n 1)" 0
is "what is not there is not there" "$(in_box "ls -d $P/not-there* /run/contained-test-missing 2>/dev/null")" ""

# --- sockets -------------------------------------------------------------------------------------------
is "a socket of a directory of /run" "$(in_box "python3 $P/bin/answer.py $run/db.sock")" "from the database"
contains "the directory is read-only" "$(in_box "touch $run/f; rm $run/db.sock")" "Read-only"
is "nothing else of /run came along" "$(in_box "ls /run" | grep -vxE 'contained|contained-test-db|lock|motd\.dynamic|user|utmp')" ""

# --- mail ----------------------------------------------------------------------------------------------
is "no mailbox, no mail" "$(in_box "ls $mail 2>/dev/null")" "$(ls "$mail" 2>/dev/null)"
install -o ctest1 -g mail -m 0660 /dev/null "$mail"
echo first >>"$mail"
is "mail is read" "$(in_box "cat $mail")" first
hold ctest1 "sleep 1; cat $mail; exec sleep 300" || bail "a login" "$(cat "$HOLD_LOG")"
echo second >>"$mail"
eventually 5 grep -q second "$HOLD_LOG"
is "mail that arrives meanwhile is read" "$(tail -n 2 "$HOLD_LOG")" $'first\nsecond'
release
is "the mailbox can be emptied" "$(in_box ": >$mail && wc -c <$mail")$(wc -c <"$mail")" 00
contains "/var/mail itself is read-only" "$(in_box "touch /var/mail/ctest1.lock")" "cannot touch"
chown ctest2 "$mail"
contains "another's file is not one's mailbox" "$(in_box "echo x >>$mail")" "$mail"
is "nothing came into it" "$(wc -c <"$mail")" 0
rm -f "$mail"
mkfifo "$mail" && chown ctest1 "$mail"
is "a FIFO does not keep anybody waiting" "$(BOX_SECONDS=20 in_box 'echo in')" in
rm -f "$mail"
ln -s /etc/hostname "$mail" && chown -h ctest1 "$mail"
is "a link is nobody's mail" "$(in_box 'grep -c " /var/mail" /proc/self/mountinfo')" 0
rm -f "$mail"

# --- a file system of the kernel's in a path that is shown ---
mkdir "$P/project/chroot-proc" && mount -t proc proc "$P/project/chroot-proc"
is "the host's processes do not come along in somebody's procfs" "$(in_box "ls -A $P/project/chroot-proc; echo listed")" listed
umount "$P/project/chroot-proc" && rmdir "$P/project/chroot-proc"

# --- automounts ----------------------------------------------------------------------------------------
other=$(getent passwd ctest2 | cut -d: -f6)
mkdir -p "$P/auto/wanted" "$P/auto/other" "$P/auto/in" "$P/served/sub" "$P/project/auto"
echo served >"$P/served/sub/file"
python3 "$TOP/tests/lib/automount.py" "$P/private/automount" "$P/auto/wanted=$P/served" "$P/auto/other=" \
	"$P/project/auto=" "$other=$P/served" >/dev/null 2>"$P/private/automount.err" 8<&- &
automount=$!
if eventually 5 grep -q ready "$P/private/automount"; then
	sed "s|^readonly = |&$P/auto/wanted/sub |" "$P/view.conf" | conf_write
	is "an automount that is named is triggered before, and there" "$(in_box "cat $P/auto/wanted/sub/file")" served
	is "a home that is an automount is there" "$(box ctest2 'cat sub/file; ls /home' </dev/null 2>&1)" \
		$'served\ncontained-test-shared\nctest2'
	is "one that nobody named is an empty directory, and asks nobody" \
		"$(BOX_SECONDS=20 in_box "ls -A $P/auto/other $P/project/auto; ls $P/project | grep -c .")$(grep -cE 'other|project' "$P/private/automount")" \
		"$P/auto/other:"$'\n\n'"$P/project/auto:"$'\n'"$(find "$P/project" -mindepth 1 -maxdepth 1 ! -name '.*' | wc -l)0"
	sed "s|^readonly = |&$P/auto/other/sub |; 1i [contained]\ndeadline = 1500ms" "$P/view.conf" | conf_write
	log_mark
	started=$SECONDS
	BOX_SECONDS=20 box ctest1 true </dev/null >/dev/null 2>&1
	is "one that never answers refuses the login" "$?" 254
	like "and is named" "$(log_wait 'pam_contained\(.*ctest1: ')" "$P/auto/other/sub: the file system did not answer"
	[ $((SECONDS - started)) -lt 10 ] && ok "within the deadline" || not_ok "within the deadline" "$((SECONDS - started)) s"
else
	skip "no autofs here: $(cat "$P/private/automount.err")" "automounts"
fi
kill_pids "$automount"
wait "$automount" 2>/dev/null
conf_write <"$P/view.conf"

# --- refused ---------------------------------------------------------------------------------------------
# refused SETTING PATH REASON: by contained check, with the reason
refused()
{
	printf '[default]\n%s = %s\n' "$1" "$2" >"$P/refused.conf"
	contains "$1 = $2 is refused" "$("$P/bin/contained" check "$P/refused.conf" 2>&1; echo "status $?")" "$3"
}
refused sockets /run/dbus "reaches the system bus"
refused sockets /run/dbus/system_bus_socket "reaches the system bus"
refused sockets /var/run/mysqld "write that"
refused writable /run/docker.sock "starts containers as root"
refused readonly /etc "holds /etc/passwd"
refused writable /proc/sys "is the session's own"
ln -s /etc/shadow "$P/harmless"
echo "[default]
readonly = $P/harmless" | conf_write
log_mark
box ctest1 true </dev/null >/dev/null 2>&1
is "a link that leads to a secret: refused at login" "$?" 254
like "and said" "$(log_wait 'pam_contained\(.*ctest1: ')" "$P/harmless: leads to /etc/shadow, which holds passwords"
ln -s /etc "$P/scratch/ctest1/theirs" && chown -h ctest1 "$P/scratch/ctest1/theirs"
echo "[default]
writable = $P/scratch/%u/theirs/app" | conf_write
box ctest1 true </dev/null >/dev/null 2>&1
is "a link that a user placed: refused" "$?" 254

# --- another root ------------------------------------------------------------------------------------------
tree=$P/tree
mkdir -p "$tree"/{bin,etc,home,srv/inner,var/mail}
ln -s srv "$tree/data"
cp "$busybox" "$tree/bin/busybox"
for applet in sh cat ls touch stat echo grep hostname; do
	ln -s busybox "$tree/bin/$applet"
done
echo tree >"$tree/srv/inner/file"
mkdir -p "$P/outer/etc" "$home/.keys"
echo licence >"$P/outer/etc/licence"
usermod -s /bin/sh ctest1
install -o ctest1 -m 0600 /dev/null "$mail"
conf_write <<END
[default]
root = $tree
writable = $P/scratch/%u /var/tmp/contained-test-shared
readonly = $shared $P/project/reference /etc/pam.d $TOP/README.md
hide = /srv/inner $P/project/private
sockets = $run
END
log_mark
is "in a tree: writable is the host's" "$(in_box "echo tree >$P/scratch/ctest1/t && cat $P/scratch/ctest1/t")$(cat "$P/scratch/ctest1/t")" treetree
[ "$tap_failed" -eq 0 ] || diag "$(log_since)"
is "below its private /var/tmp" "$(in_box 'cat /var/tmp/contained-test-shared/f')" x
contains "the rest of the way is the tree's, read-only" "$(in_box "ls $P; touch $P/x")" "Read-only"
is "readonly is there: beside the home, and alone" "$(in_box "ls /home; cat $shared/tools/file $P/project/reference/file")" \
	$'contained-test-shared\nctest1\nhost\nhost'
is "a directory of the host's /etc" "$(in_box "ls /etc/pam.d | grep -c '^$SSHD_SERVICE\$'")" 1
is "a single file" "$(in_box "grep -c '^# contained' $TOP/README.md")" 1
is "hide is of the tree" "$(in_box 'ls -A /srv/inner')" ""
is "a socket directory is there" "$(in_box "ls $run")" db.sock
is "mail is there, and nobody else's name" "$(in_box "echo x >>$mail; ls /var/mail")$(cat "$mail")$(ls -A "$tree/var/mail")" ctest1x
rm -f "$mail"

clean
fixture_end
done_testing
