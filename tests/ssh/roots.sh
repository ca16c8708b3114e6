#!/bin/bash
# A session with a root tree of its own: a directory with busybox in it.
. "$(dirname "$0")/../lib/fixture.sh"
busybox=$(command -v busybox)
[ -n "$busybox" ] && ! ldd "$busybox" >/dev/null 2>&1 || {
	skip "no static busybox: make deps" "a root tree of busybox"
	done_testing
}
fixture_start
tree=$P/tree
mkdir -p "$tree"/{bin,dev,etc,home,proc,root,run,sys,tmp,usr/bin,var/tmp}
cp "$busybox" "$tree/bin/busybox"
for applet in $("$busybox" --list); do
	ln -s busybox "$tree/bin/$applet" 2>/dev/null
done
echo tree >"$tree/etc/whose"
cp "$BUILD/probe" "$tree/bin/probe"
usermod -s /bin/sh ctest1
home=$(getent passwd ctest1 | cut -d: -f6)
echo mine >"$home/mine"
conf_write <<END
[default]
root = $tree
END
sshd_start
log_mark

in_box()
{
	box ctest1 "$@" </dev/null 2>&1
}

like "the hostname is a card" "$(in_box hostname)" "$CARD"
[ "$tap_failed" -eq 0 ] || diag "$(log_since)"
is "the files are the tree's" "$(in_box 'cat /etc/whose; ls -d /usr/lib /var/lib /boot 2>/dev/null')" tree
is "who one is" "$(in_box 'id -un; id -gn; whoami; pwd')" "ctest1"$'\n'"ctest1"$'\n'"ctest1"$'\n'"$home"
is "one's own home is there" "$(in_box 'cat mine; echo new >new; cat new')" $'mine\nnew'
is "nobody else can be listed" "$(in_box 'cut -d: -f1 /etc/passwd' | grep -c ctest2)" 0
contains "the tree is read-only" "$(in_box 'touch /bin/x')" "Read-only"
is "/tmp is one's own" "$(in_box 'echo x >/tmp/x && ls /tmp')" x
is "PID 1 is contained-init" "$(in_box 'cat /proc/1/comm')" contained-init
is "every mount is nosuid" "$(in_box cat /proc/self/mountinfo | awk '$6 !~ /nosuid/ { print $5 }')" ""
adopt "refused" < <(box ctest1 /bin/probe escape </dev/null 2>&1)
adopt "works" < <(box ctest1 /bin/probe works </dev/null 2>&1)
head -c 1000000 /dev/urandom >"$P/private/blob"
is "standard input and output" "$(box ctest1 cat <"$P/private/blob" | sha256sum)" "$(sha256sum <"$P/private/blob")"
echo "put $P/private/blob there" >"$P/private/batch"
succeeds "sftp with internal-sftp" sftp -q -F "$SSH_CONFIG" -b "$P/private/batch" ctest1@box
is "what sftp brought is whole" "$(sha256sum <"$home/there")" "$(sha256sum <"$P/private/blob")"
printf '%s\n' 'expect \$ ' 'send tty' 'expect /dev/pts/[0-9]+' 'send stty size' 'expect 24 80' 'send exit 6' 'status 6' \
	>"$P/private/steps"
if transcript=$(python3 "$TOP/tests/lib/terminal.py" ssh -tt -F "$SSH_CONFIG" ctest1@box <"$P/private/steps" 2>&1); then
	ok "a terminal"
else
	not_ok "a terminal" "$transcript"
fi

# what is missing is named, with what to do
log_mark
box ctest2 true </dev/null >/dev/null 2>&1
is "no shell in the tree: refused" "$?" 254
like "and named" "$(log_wait 'pam_contained\(.*ctest2: ')" '/bin/bash.*hint: '
rm "$tree/bin/sh" "$tree/bin/busybox"
cp -L /bin/bash "$tree/bin/sh"
log_mark
box ctest1 true </dev/null >/dev/null 2>&1
is "a library is missing: refused" "$?" 254
like "and named" "$(log_wait 'pam_contained\(.*ctest1: ')" '(ld-linux|lib[a-z]+\.so).*hint: '
is "root comes in all the same" "$(box root echo in </dev/null 2>&1)" in

fixture_end
done_testing
