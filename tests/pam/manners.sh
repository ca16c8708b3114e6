#!/bin/bash
# A PAM application finds itself as it was: files, signals, environment, children; and exactly as it was
# where the session was refused.
. "$(dirname "$0")/../lib/fixture.sh"
fixture_start
conf_write <<END
[default]
END
manners=$TOP/${B:-build}/tests/pam/manners
[ -x "$manners" ] || bail "no $manners: run make test"

services=$P/pam.d
mkdir "$services"
service()
{
	printf '%s\n' "auth required pam_permit.so" "account required pam_permit.so" \
		"session required $MODULE conf=$P/$2 exempt=ctestx" >"$services/$1"
}
service good contained.conf
service broken broken.conf
service systemd-user contained.conf
printf '[default]\nnot a line of an INI file\n' >"$P/broken.conf"

scenario()
{
	adopt "$1" < <("$manners" "$services" "${3:-ctest1}" "${2:-$1}" 2>&1 8<&-)
	leftovers_sessions "$1: nothing is left"
}

scenario open
scenario forks
scenario twice
scenario austere
scenario threads
scenario "threads, and a system account" threads-alone daemon
scenario "a broken file" broken
scenario "no such user" good nobody-of-that-name
scenario "a name that is no name" good '../../etc/passwd'
log_mark
scenario "systemd-user" systemd-user
is "systemd-user: one line in the log, and no complaint" \
	"$(log_since | grep -c 'pam_contained(systemd-user:session): ctest1: ')" 1
mv "$P/libexec/contained-init" "$P/libexec/away"
scenario "no contained-init" good
mv "$P/libexec/away" "$P/libexec/contained-init"

# a refusal for want of files may lack them for its cleaning up, too; the next login's sweep has them
adopt few < <("$manners" "$services" ctest1 few 2>&1 8<&-)
sleep 1.1 # sweeps are a second apart at least
scenario "the next login" open

fixture_end
done_testing
