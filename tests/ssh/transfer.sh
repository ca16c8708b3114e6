#!/bin/bash
# What people do over ssh besides typing: commands and their exit status, pipes, scp, sftp, rsync, git.
# The container must not be noticed by any of them.
. "$(dirname "$0")/../lib/fixture.sh"
fixture_start
conf_write <<END
[default]
END
sshd_start
home=$(getent passwd ctest1 | cut -d: -f6)
here=$P/private
head -c 5242880 /dev/urandom >"$here/blob"
sum=$(sha256sum <"$here/blob")

for status in 0 1 7 127 254; do
	box ctest1 "exit $status" </dev/null
	is "exit status $status comes back" "$?" "$status"
done
box ctest1 'no-such-command-here' </dev/null 2>/dev/null
is "a command that is not there gives 127" "$?" 127
box ctest1 'sh -c "kill -TERM \$\$"; exit $?' </dev/null
is "death by SIGTERM gives 128+15" "$?" 143
box ctest1 'sh -c "kill -KILL \$\$"; exit $?' </dev/null
is "death by SIGKILL gives 128+9" "$?" 137
is "standard error is its own" "$(box ctest1 'echo out; echo err >&2' 2>&1 >/dev/null </dev/null)" err
is "arguments arrive as typed" "$(box ctest1 "printf '%s|' 'a b' '\$x' '*'" </dev/null)" 'a b|$x|*|'
is "the environment that sshd allows comes in" \
	"$(LC_TEST=here SSH_OPTIONS='' ssh -F "$SSH_CONFIG" -o SendEnv=LC_TEST -n ctest1@box 'echo $LC_TEST')" here

is "5 MB through standard input" "$(box ctest1 sha256sum <"$here/blob")" "$sum"
is "5 MB through standard input and output" "$(box ctest1 cat <"$here/blob" | sha256sum)" "$sum"

copy()
{
	scp -q -F "$SSH_CONFIG" "$@"
}

succeeds "scp to the session" copy "$here/blob" ctest1@box:blob.scp
is "what scp brought is whole" "$(sha256sum <"$home/blob.scp")" "$sum"
is "what scp brought is the user's" "$(stat -c %U "$home/blob.scp")" ctest1
succeeds "scp from the session" copy ctest1@box:blob.scp "$here/back"
is "what scp fetched is whole" "$(sha256sum <"$here/back")" "$sum"
succeeds "scp -O to the session" copy -O "$here/blob" ctest1@box:blob.old
is "what scp -O brought is whole" "$(sha256sum <"$home/blob.old")" "$sum"
succeeds "scp -O from the session" copy -O ctest1@box:blob.old "$here/back"
is "what scp -O fetched is whole" "$(sha256sum <"$here/back")" "$sum"
mkdir -p "$here/tree/sub" && echo one >"$here/tree/one" && echo two >"$here/tree/sub/two"
chmod 0640 "$here/tree/one"
succeeds "scp -rp of a tree" copy -rp "$here/tree" ctest1@box:
is "the tree is there, with its modes" "$(cat "$home/tree/sub/two"; stat -c %a "$home/tree/one")" $'two\n640'

sftp_dialogue()
{
	local server=$1

	rm -f "$here/back" "$home/blob.sftp" "$home/renamed"
	cat >"$here/batch" <<-END
		put $here/blob blob.sftp
		rename blob.sftp renamed
		chmod 600 renamed
		get renamed $here/back
		mkdir made.$server
		ls -l
	END
	succeeds "$server: put, rename, chmod, get" sftp -q -F "$SSH_CONFIG" -b "$here/batch" ctest1@box
	is "$server: what was fetched is whole" "$(sha256sum <"$here/back")" "$sum"
	is "$server: the mode was set" "$(stat -c %a "$home/renamed")" 600
	is "$server: the directory was made" "$(stat -c %U "$home/made.$server")" ctest1
	echo "ls $(getent passwd ctest2 | cut -d: -f6)" >"$here/batch"
	fails "$server: another user's home is not there" sftp -q -F "$SSH_CONFIG" -b "$here/batch" ctest1@box
}

sftp_dialogue internal-sftp
sshd_stop
server=$(ls /usr/lib/openssh/sftp-server /usr/libexec/openssh/sftp-server /usr/lib/ssh/sftp-server 2>/dev/null | head -n 1)
sshd_start "Subsystem sftp ${server:-/nonexistent}"
if [ -n "$server" ]; then
	sftp_dialogue sftp-server
else
	skip "no sftp-server on this machine" "sftp with sftp-server"
fi

if command -v rsync >/dev/null; then
	mkdir "$here/shared" && chmod 2775 "$here/shared" && ln -s one "$here/shared/link"
	cp "$here/blob" "$here/shared/blob"
	succeeds "rsync -a to the session" rsync -a -e "ssh -F $SSH_CONFIG" "$here/shared" ctest1@box:
	is "rsync -a kept the setgid directory and the link" \
		"$(stat -c %a "$home/shared"; readlink "$home/shared/link")" $'2775\none'
	succeeds "rsync -a from the session" rsync -a -e "ssh -F $SSH_CONFIG" ctest1@box:shared/ "$here/again"
	is "what rsync fetched is whole" "$(sha256sum <"$here/again/blob")" "$sum"
else
	skip "no rsync: make deps" "rsync"
fi

if command -v git >/dev/null; then
	export GIT_SSH_COMMAND="ssh -F $SSH_CONFIG" GIT_CONFIG_NOSYSTEM=1 HOME=$here
	succeeds "git init --bare --shared in the session" box ctest1 git init -q --bare --shared=group repo.git
	git init -q "$here/work"
	cp "$here/blob" "$here/work/blob"
	git -C "$here/work" add blob
	git -C "$here/work" -c user.name=t -c user.email=t@localhost commit -q -m one
	succeeds "git push" git -C "$here/work" push -q ctest1@box:repo.git HEAD:refs/heads/main
	succeeds "git clone" git clone -q -b main ctest1@box:repo.git "$here/clone"
	is "what git cloned is whole" "$(sha256sum <"$here/clone/blob")" "$sum"
else
	skip "no git: make deps" "git"
fi

fixture_end
done_testing
