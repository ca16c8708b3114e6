#!/bin/bash
# The Debian packages, as far as it shows without building them: nobody is locked out by taking one away.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
work=$(mktemp -d) || bail "no temporary directory"
trap 'rm -rf "$work"' EXIT

is "the changelog has the Makefile's version" \
	"$(sed -nE '1s/^contained \((.*)\) .*/\1/p' packaging/debian/changelog)" "$(sed -nE 's/^VERSION := //p' Makefile)"
profile=$(<packaging/pam-configs/contained)
like "the profile is off until it is asked for" "$profile" $'\nDefault: no\n'
like "it comes behind pam_systemd, whose priority is 0" "$profile" $'\nPriority: -[0-9]+\n'
like "a login that cannot be contained is refused" "$profile" $'\nSession:\n\trequired\tpam_contained.so$'
for script in packaging/debian/*.postinst packaging/debian/*.prerm packaging/debian/*.postrm; do
	succeeds "$(basename "$script") is a shell script" sh -n "$script"
done

# removes [ARGUMENT]: what the script does before the module's file goes, on PAM files of our own
mkdir "$work/pam.d" "$work/bin"
printf '#!/bin/sh\necho "$@" >>%s\n' "$work/calls" >"$work/bin/pam-auth-update"
chmod 0755 "$work/bin/pam-auth-update"
sed "s|/etc/pam|$work/pam|g" packaging/debian/libpam-contained.prerm >"$work/prerm"
removes()
{
	PATH=$work/bin:$PATH sh "$work/prerm" "$@"
}

printf 'session required pam_unix.so\n#session required pam_contained.so\n' >"$work/pam.d/sshd"
succeeds "an upgrade leaves the PAM files alone" removes upgrade 0.2
is "and calls nothing" "$(cat "$work/calls" 2>/dev/null)" ""
succeeds "removing goes on where no line is left" removes remove
is "after pam-auth-update took its own" "$(cat "$work/calls")" "--package --remove contained"
echo 'session required pam_contained.so exempt=ops' >>"$work/pam.d/sshd"
fails "it stops where a line is left that nobody but the administrator takes out" removes remove
like "and names the file" "$(removes remove 2>&1)" "$work/pam.d/sshd"
done_testing
