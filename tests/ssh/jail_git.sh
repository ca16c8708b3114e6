#!/bin/bash
# conf/examples/git-only.conf: fetch and push, and no way to anything else through git's options, its environment, a
# shell's language or a link.
. "$(dirname "$0")/../lib/jail.sh"
command -v git-upload-pack >/dev/null || {
	skip "no git: make deps" "git over ssh"
	done_testing
}
jail_start
jail_profile git-only
jail_sshd
here=$P/private
export GIT_CONFIG_NOSYSTEM=1 HOME=$here GIT_SSH_COMMAND="ssh -F $SSH_CONFIG"
as_user()
{
	setpriv --reuid "$1" --regid "$1" --init-groups env HOME="$(getent passwd "$1" | cut -d: -f6)" "${@:2}"
}
(cd "$home" && as_user ctest1 git init -q --bare -b main "$home/a b.git")
(cd "$home2" && as_user ctest2 git init -q --bare -b main "$home2/mine.git")
git init -q -b main "$here/work"
git -C "$here/work" -c user.name=t -c user.email=t@localhost commit -q --allow-empty -m one

# --- what it is for -------------------------------------------------------------------------------
succeeds "push" git -C "$here/work" push -q "ctest1@box:a b.git" main
succeeds "clone" git clone -q "ctest1@box:a b.git" "$here/clone"
is "what came is what went" "$(git -C "$here/clone" log --format=%s 2>&1)" one
succeeds "push by an absolute path, ForceCommand" git -C "$here/work" push -q "ctest2@box:$home2/mine.git" main
succeeds "archive" git archive --remote="ctest1@box:a b.git" main
fails "another's repository is not there" git ls-remote "ctest1@box:$home2/mine.git"

# --- what it is not for ---------------------------------------------------------------------------
try_ways_out "git-only, login shell" ctest1
try_ways_out "git-only, ForceCommand" ctest2
refused "a shell" ctest1
for way in "git-upload-pack --help" "git-upload-pack '--help'" "git-upload-pack -h" \
	"git-upload-pack '--upload-pack=touch marker' 'a b.git'" "git-upload-pack --strict 'a b.git'" \
	"git-receive-pack --http-backend-info-refs 'a b.git'" "git-upload-pack 'a b.git' x" "git-upload-pack ''" \
	"git-upload-pack ../ctest2/mine.git" "git-upload-pack 'x/../../ctest2/mine.git'" "git-upload-pack .." \
	"git-upload-pack 'a b.git'; touch marker" "git-upload-pack 'a b.git' && touch marker" \
	"git-upload-pack 'a b.git' | sh" "git-upload-pack \"\$(touch marker)\"" "git-upload-pack 'a b.git'"$'\n'"touch marker" \
	"git-upload-pack 'a b.git' >marker" "git-upload-pack 'a b.git' # x" "git-upload-pack *.git" "git-upload-pack ~/x.git" \
	"GIT_TRACE=$home/marker git-upload-pack 'a b.git'" "/usr/bin/git-upload-pack 'a b.git'" "./git-upload-pack x" \
	"git upload-pack 'a b.git'" "git -c core.pager=id log" "git shell" "git-shell -c id" "git-upload-pack 'a" \
	"'git-upload-pack a b.git'" "git-upload-packer 'a b.git'" "git-upload-archive --help"; do
	refused "$way" ctest1 "$way"
done
# programs of the user's own are not found by a name
mkdir -p "$home/bin" && printf '#!/bin/sh\necho ESCAPED\n' >"$home/bin/git-upload-pack" && chmod 755 "$home/bin/git-upload-pack"
chown -R ctest1: "$home/bin"
cp "$home/bin/git-upload-pack" "$home/git-upload-pack" && chown ctest1: "$home/git-upload-pack"
unlike "a program of the user's own with the name" \
	"$(SSH_OPTIONS=(-o "SetEnv=PATH=$home/bin:$home")
	ask ctest1 "git-upload-pack 'a b.git'" | tr -d '\0')" ESCAPED

# --- what the client sends along --------------------------------------------------------------------
printf '#!/bin/sh\ntouch %s/marker\necho ESCAPED\n' "$home" >"$home/evil" && chmod 755 "$home/evil" && chown ctest1: "$home/evil"
printf 'touch %s/marker\n' "$home" >"$home/rc" && chown ctest1: "$home/rc"
for variable in "GIT_SSH_COMMAND=$home/evil" "GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=uploadpack.packObjectsHook GIT_CONFIG_VALUE_0=$home/evil" \
	"GIT_CONFIG_GLOBAL=$home/rc" "GIT_TRACE=$home/marker" "GIT_EXEC_PATH=$home" "LD_PRELOAD=$home/evil.so" "LD_AUDIT=$home/evil.so" \
	"BASH_ENV=$home/rc ENV=$home/rc" "SSH_ORIGINAL_COMMAND=$home/evil" "SHELL=$home/evil" "HOME=$home/bin" "IFS=/" \
	"SSH_ORIGINAL_COMMAND=id PATH=$home/bin" "PYTHONPATH=$home PERL5OPT=-Mx"; do
	rm -f "$home/marker"
	said=$(SSH_OPTIONS=(-o "SetEnv=$variable")
	ask ctest1 "git-upload-pack 'a b.git'" | tr -d '\0')
	contains "${variable%%=*}: git answers" "$said" refs/heads/main
	[ ! -e "$home/marker" ] && [[ $said != *ESCAPED* ]] && ok "${variable%%=*} does not come in" || not_ok "${variable%%=*} does not come in" "$said"
done

# --- what an own command= and ~/.ssh/rc add ----------------------------------------------------------
mkdir -m 0700 "$home/.ssh" && printf 'touch %s/marker\n' "$home" >"$home/.ssh/rc" && chown -R ctest1: "$home/.ssh"
rm -f "$home/marker"
succeeds "with a ~/.ssh/rc" git ls-remote "ctest1@box:a b.git"
[ ! -e "$home/marker" ] && ok ".ssh/rc is not run" || not_ok ".ssh/rc is not run"
sshd_stop
jail_sshd_login
rm -f "$home/marker"
git ls-remote "ctest1@box:a b.git" >/dev/null 2>&1
[ ! -e "$home/marker" ] && ok "nor for a login shell" || not_ok "nor for a login shell"
printf 'command="touch %s/marker; sh" %s\n' "$home" "$(cat "$P/ssh/id.pub")" >"$P/authorized_keys"
refused "command= with a shell in it" ctest1 "git-upload-pack 'a b.git'"
refused "and without a wish" ctest1
printf 'command="%s" %s\n' "$DOOR" "$(cat "$P/ssh/id.pub")" >"$P/authorized_keys"
succeeds "command= with contained-shell: what the client asks for" git ls-remote "ctest1@box:a b.git"
refused "and nothing else" ctest1 "touch marker"
install -m 0644 "$P/ssh/id.pub" "$P/authorized_keys"

# --- links -------------------------------------------------------------------------------------------
ln -s "$home2/mine.git" "$home/link.git"
fails "a link to another's repository leads nowhere" git ls-remote ctest1@box:link.git

# --- the log -----------------------------------------------------------------------------------------
rm -f "$home/.ssh/rc"
log_mark
ask ctest1 $'touch marker\n\x1b[31mfake line' >/dev/null
like "the log says who, what, under which name" "$(log_wait 'contained-shell\[[0-9]+\]: ctest1: refused')" \
	'refused by allow_commands of \[jail\]: touch marker\\x0a\\x1b\[31mfake line.* \[[0-9a-f]+-[a-z-]+\]'

jail_end
done_testing
