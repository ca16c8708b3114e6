#!/bin/bash
# contained-shell as the login shell, without PAM module: what people do over ssh besides typing. Nobody notices
# the container, and whatever bash as the login shell answers, this one answers.
. "$(dirname "$0")/../lib/door.sh"
door_start
server=$(ls /usr/lib/openssh/sftp-server /usr/libexec/openssh/sftp-server /usr/lib/ssh/sftp-server 2>/dev/null | head -n 1)
[ -n "$server" ] || bail "no sftp-server on this machine: make deps"
sshd_start "Subsystem sftp $server"
home=$(getent passwd ctest1 | cut -d: -f6)
here=$P/private
head -c 1048576 /dev/urandom >"$here/blob"
sum=$(sha256sum <"$here/blob")

like "a command runs in a session" "$(box ctest1 hostname </dev/null 2>&1)" "$CARD"
like "a namespace of its own" "$(box ctest1 'readlink /proc/self/ns/mnt' </dev/null)" '^mnt:'
is "which is not the host's" "$(box ctest1 'readlink /proc/self/ns/mnt' </dev/null | grep -cvxF "$(readlink /proc/self/ns/mnt)")" 1
is "the user is the user" "$(box ctest1 'id -un; id -u' </dev/null)" "$(id -un ctest1; id -u ctest1)"
is "another user's home is not there" "$(box ctest1 'ls -d ~ctest2 2>/dev/null; ls /home' </dev/null)" ctest1
is "the host's processes are not there" "$(box ctest1 "ps -eo comm= | sort -u | grep -vxE 'contained-init|contained-shell|bash|ps|sort|grep'" </dev/null)" ""
is "nothing may be written but the home and what is private" \
	"$(box ctest1 'for f in /etc/x /usr/x /var/x; do touch $f 2>/dev/null && echo $f; done; touch ~/x /tmp/x && echo good' </dev/null)" good
is "no capability, no new privileges" \
	"$(box ctest1 "grep -E '^(CapEff|CapPrm|CapBnd|NoNewPrivs)' /proc/self/status | tr -d '\t0:' | paste -sd," </dev/null)" \
	CapPrm,CapEff,CapBnd,NoNewPrivs1

# --- how things end -----------------------------------------------------------------------------
for status in 0 1 7 255; do
	box ctest1 "exit $status" </dev/null
	is "exit status $status comes back" "$?" "$status"
done
# the kernel begins the stack elsewhere each time: what is given back of it depends on where
came=0
for _ in $(seq 16); do
	[ "$(box ctest1 echo in </dev/null 2>&1)" = in ] && came=$((came + 1))
done
is "wherever in a page the stack begins, a login works" "$came" 16
# ending USER COMMAND: the exit status and what sshd told the client of it
ending()
{
	local told SSH_OPTIONS=(-o LogLevel=DEBUG1)

	told=$(box "$1" "$2" </dev/null 2>&1)
	printf '%s %s\n' "$?" "$(grep -oE 'rtype exit-[a-z]+' <<<"$told")"
}
for signal in TERM KILL HUP SEGV PIPE ABRT; do
	is "death by SIG$signal is told as of bash" "$(ending ctest1 "kill -$signal \$\$")" "$(ending ctestg "kill -$signal \$\$")"
done
like "and a signal is told as one" "$(ending ctest1 'kill -TERM $$')" 'exit-signal'
is "a command that is not there gives what bash gives" "$(ending ctest1 no-such-command)" "$(ending ctestg no-such-command)"
for signal in TERM INT; do
	is "a program within the command that dies of SIG$signal" "$(ending ctest1 "sh -c 'kill -$signal \$\$'; exit \$?")" \
		"$(ending ctestg "sh -c 'kill -$signal \$\$'; exit \$?")"
done
is "no core file is left in the home" "$(find "$home" -name 'core*')" ""

# --- streams ------------------------------------------------------------------------------------
is "standard error is its own" "$(box ctest1 'echo out; echo err >&2' 2>&1 >/dev/null </dev/null)" err
is "standard output is its own" "$(box ctest1 'echo out; echo err >&2' 2>/dev/null </dev/null)" out
is "arguments arrive as typed" "$(box ctest1 "printf '%s|' 'a b' '\$x' '*' 'new
line'" </dev/null)" 'a b|$x|*|new
line|'
is "1 MB through standard input" "$(box ctest1 sha256sum <"$here/blob")" "$sum"
is "1 MB through standard input and output" "$(box ctest1 cat <"$here/blob" | sha256sum)" "$sum"
is "1 MB through standard error" "$(box ctest1 'cat >&2' <"$here/blob" 2>&1 >/dev/null | sha256sum)" "$sum"
is "a reader that goes away ends the command" "$(box ctest1 'yes' </dev/null 2>/dev/null | head -n 1)" y
is "programs see their standard fds and no other" "$(box ctest1 'ls /proc/self/fd' </dev/null | paste -sd' ')" '0 1 2 3'
is "end-of-file arrives" "$(box ctest1 'cat; echo end' </dev/null)" end

# --- copies -------------------------------------------------------------------------------------
copy()
{
	scp -q -F "$SSH_CONFIG" "$@"
}
for how in -s -O; do
	rm -f "$here/back" "$home/blob.scp"
	succeeds "scp $how to the session" copy "$how" "$here/blob" ctest1@box:blob.scp
	is "scp $how: what it brought is whole and the user's" "$(sha256sum <"$home/blob.scp"; stat -c %U "$home/blob.scp")" "$sum
ctest1"
	succeeds "scp $how from the session" copy "$how" ctest1@box:blob.scp "$here/back"
	is "scp $how: what it fetched is whole" "$(sha256sum <"$here/back")" "$sum"
	fails "scp $how of another user's file" copy "$how" ctest1@box:/home/ctest2/.bashrc "$here/back"
done
cat >"$here/batch" <<-END
	put $here/blob blob.sftp
	rename blob.sftp renamed
	chmod 600 renamed
	get renamed $here/again
	mkdir made
END
succeeds "sftp: put, rename, chmod, get, mkdir" sftp -q -F "$SSH_CONFIG" -b "$here/batch" ctest1@box
is "sftp: what was fetched is whole" "$(sha256sum <"$here/again")" "$sum"
is "sftp: mode and owner" "$(stat -c '%a %U' "$home/renamed"; stat -c %U "$home/made")" $'600 ctest1\nctest1'
echo 'ls /home/ctest2' >"$here/batch"
fails "sftp: another user's home is not there" sftp -q -F "$SSH_CONFIG" -b "$here/batch" ctest1@box

mkdir "$here/shared" && chmod 2775 "$here/shared" && ln -s one "$here/shared/link" && cp "$here/blob" "$here/shared/blob"
succeeds "rsync -a to the session" rsync -a --no-o --no-g -e "ssh -F $SSH_CONFIG" "$here/shared" ctest1@box:
is "rsync -a kept the setgid directory and the link" "$(stat -c %a "$home/shared"; readlink "$home/shared/link")" $'2775\none'
succeeds "rsync -a from the session" rsync -a -e "ssh -F $SSH_CONFIG" ctest1@box:shared/ "$here/fetched"
is "what rsync fetched is whole" "$(sha256sum <"$here/fetched/blob")" "$sum"

export GIT_SSH_COMMAND="ssh -F $SSH_CONFIG" GIT_CONFIG_NOSYSTEM=1 HOME=$here
succeeds "git init --bare --shared in the session" box ctest1 git init -q --bare --shared=group repo.git
git init -q "$here/work" && cp "$here/blob" "$here/work/blob" && git -C "$here/work" add blob
git -C "$here/work" -c user.name=t -c user.email=t@localhost commit -q -m one
succeeds "git push" git -C "$here/work" push -q ctest1@box:repo.git HEAD:refs/heads/main
succeeds "git clone" git clone -q -b main ctest1@box:repo.git "$here/clone"
is "what git cloned is whole" "$(sha256sum <"$here/clone/blob")" "$sum"

is "an exempt user with this shell is on the host" "$(box ctestx 'readlink /proc/self/ns/mnt' </dev/null)" "$(readlink /proc/self/ns/mnt)"
door_gone "all this"
fixture_end
done_testing
