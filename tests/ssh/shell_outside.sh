#!/bin/bash
# What a user may prepare beforehand - start-up files, environment, libraries - runs within the session or not at all.
# Each piece of code that could run writes into a directory of the host that the user may write and no session sees.
. "$(dirname "$0")/../lib/door.sh"
door_start
home=$(getent passwd ctest1 | cut -d: -f6)
outside=$P/outside # /var/lib is read-only within a session
mkdir -m 1777 "$outside"
mnt=$(readlink /proc/self/ns/mnt)

# a library that tells where it was loaded, outside by a file there
cat >"$P/private/mark.c" <<'C'
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
__attribute__((constructor)) static void mark(void)
{
	char ns[64] = "", path[64] = "";
	ssize_t n = readlink("/proc/self/ns/mnt", ns, sizeof ns - 1), m = readlink("/proc/self/exe", path, sizeof path - 1);
	int fd = open(MARKER, O_WRONLY | O_CREAT | O_APPEND, 0666);

	if (fd >= 0 && n > 0 && m > 0)
		dprintf(fd, "preload %s %s\n", ns, path);
}
C
cc -shared -fPIC -DMARKER="\"$outside/marker\"" -o "$P/bin/mark.so" "$P/private/mark.c" || bail "cc failed"
chmod 0755 "$P/bin/mark.so"

# prepare USER: every way there is to have something run
prepare()
{
	local file dir

	dir=$(getent passwd "$1" | cut -d: -f6)
	mkdir -p "$dir/.ssh" "$dir/bin"
	for file in .bashrc .bash_profile .bash_login .profile .zshenv .zprofile .zshrc .kshrc .ssh/rc .env .bash_logout; do
		printf 'echo "%s $(readlink /proc/self/ns/mnt)" >>%s/marker 2>/dev/null\necho %s >>~/seen\n' "$file" "$outside" "$file" >"$dir/$file"
	done
	printf '%s\n' "LD_PRELOAD DEFAULT=$P/bin/mark.so" "BASH_ENV DEFAULT=$dir/.env" "ENV DEFAULT=$dir/.env" \
		"LD_AUDIT DEFAULT=$P/bin/mark.so" >"$dir/.pam_environment"
	printf '%s\n' "LD_PRELOAD=$P/bin/mark.so" "BASH_ENV=$dir/.env" >"$dir/.ssh/environment"
	chown -R "$1:" "$dir"
	chmod 0700 "$dir/.ssh"
}

for user in ctest1 ctest2 ctestg; do
	prepare "$user"
done
usermod -s /bin/bash ctest2

SSHD_PAM_ENV='user_readenv=1'
sshd_start 'PermitUserRC no' 'AcceptEnv LD_* BASH_ENV ENV PROMPT_COMMAND IFS PS4 SHELLOPTS BASHOPTS GLIBC_TUNABLES LC_* LANG GCONV_PATH LOCPATH' \
	'PermitUserEnvironment yes' "Subsystem sftp /usr/lib/openssh/sftp-server"
# set for the ssh client alone
given=(BASH_ENV="$home/.env" ENV="$home/.env" PROMPT_COMMAND="echo prompt >>$outside/marker" IFS=/ PS4="\$(echo ps4 >>$outside/marker)"
	SHELLOPTS=xtrace GCONV_PATH="$home" LOCPATH="$home" GLIBC_TUNABLES=glibc.malloc.check=3)
# LD_* would hit the client itself: SetEnv sends them without
cat >>"$SSH_CONFIG" <<END
SendEnv BASH_ENV ENV PROMPT_COMMAND IFS PS4 SHELLOPTS GCONV_PATH LOCPATH GLIBC_TUNABLES
SetEnv LD_PRELOAD=$P/bin/mark.so LD_AUDIT=$P/bin/mark.so LD_LIBRARY_PATH=$home
END

ways()
{
	env "${given[@]}" ssh -F "$SSH_CONFIG" -n "$1@box" true
	echo exit | env "${given[@]}" ssh -T -F "$SSH_CONFIG" "$1@box"
	printf 'pause 0.3\nsend exit\nstatus 0\n' >"$P/private/steps"
	python3 "$TOP/tests/lib/terminal.py" env "${given[@]}" ssh -tt -F "$SSH_CONFIG" "$1@box" <"$P/private/steps"
	echo ls | env "${given[@]}" sftp -q -F "$SSH_CONFIG" -b - "$1@box"
	env "${given[@]}" scp -O -q -F "$SSH_CONFIG" /etc/hostname "$1@box:name"
}

# first that the traps work: with bash as the login shell all of them snap, outside
ways ctestg >"$P/private/out" 2>&1
snapped=$(cat "$outside/marker" 2>/dev/null)
snapped=$(sort -u <<<"${snapped//"$mnt"/host}")
for trap in '.bashrc host' '.bash_profile host' '.env host' 'preload host /usr/bin/bash'; do
	contains "with bash as login shell $trap runs" "$snapped" "$trap"
done
rm -f "$outside/marker"

none_outside()
{
	is "$1: nothing of the user's runs outside" "$(cat "$outside/marker" 2>/dev/null)" ""
	rm -f "$outside/marker"
}

ways ctest1 >"$P/private/out" 2>&1
none_outside "contained-shell as login shell"
seen=$(sort -u "$home/seen" | paste -sd' ')
contains "within the session the profile is read" "$seen" .bash_profile
unlike "neither .ssh/rc nor BASH_ENV" "$seen" '\.ssh/rc|\.env'
is "no variable of these comes in" \
	"$(env "${given[@]}" ssh -F "$SSH_CONFIG" -n ctest1@box env | grep -E '^(LD_|BASH_ENV|ENV|PROMPT_|PS4|GCONV|LOCPATH|GLIBC)')" ""
rm -f "$home/seen"

# zsh, as the policy's shell and as passwd's
if command -v zsh >/dev/null; then
	door_conf <<<"shell = $(command -v zsh)"
	ways ctest1 >"$P/private/out" 2>&1
	none_outside "zsh within"
	contains "zsh: its files are read within" "$(sort -u "$home/seen" | paste -sd' ')" .zshenv
	is "zsh is the shell" "$(ssh -F "$SSH_CONFIG" -n ctest1@box 'echo $ZSH_NAME $SHELL')" "zsh $(command -v zsh)"
	door_conf </dev/null
else
	skip "no zsh: make deps" "zsh within"
fi
sshd_stop

# as a forced command under another login shell that shell comes first, which is why the README says not to
sshd_start 'PermitUserRC no' "ForceCommand $DOOR" "Subsystem sftp /usr/lib/openssh/sftp-server"
ways ctest1 >"$P/private/out" 2>&1
none_outside "ForceCommand and login shell"
ssh -F "$SSH_CONFIG" -n ctest2@box true
contains "ForceCommand with bash as login shell: .bashrc runs first, outside" "$(cat "$outside/marker")" ".bashrc $mnt"
rm -f "$outside/marker"
su - ctest1 -c true >/dev/null 2>&1
none_outside "su -"

# --- by hand: the environment of whoever starts it ---------------------------------------------------
runuser -u ctest1 -- env LD_PRELOAD="$P/bin/mark.so" "$DOOR" -c true >/dev/null 2>&1
unlike "a preloaded library is not loaded into contained-shell or what it starts" \
	"$(cat "$outside/marker" 2>/dev/null)" 'contained|bash'
is "it is linked statically" "$(readelf -lW "$DOOR" | grep -c INTERP)" 0
door_gone "all this"
fixture_end
done_testing
