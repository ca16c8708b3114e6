#!/bin/bash
# Which file may include which: dependencies point one way, and each outside library has one user.
#
#	pam_module, shell, conf                 <security/*.h> in pam_module alone
#	  session verify
#	  plan
#	  policy subject host settings          <iniparser/…> in policy alone
#	  namespaces mounts cgroup limits caps syscalls tarot …   never see a policy or a plan
#	  text error own
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh

# The layer of an engine file by the first word of its name: policy_scan.c belongs to policy. A name
# that is not listed is a mechanism.
layer()
{
	local name=${1##*/}

	name=${name%.*}
	case $name in
	text | error | own) echo 0 ;;
	policy* | subject* | host* | settings*) echo 2 ;;
	plan* | accounts*) echo 3 ;;
	session* | verify*) echo 4 ;;
	*) echo 1 ;;
	esac
}

# includes FILE: the project's own headers it names
includes()
{
	sed -nE 's/^[[:space:]]*#[[:space:]]*include[[:space:]]+"([^"]+)".*/\1/p' "$1"
}

upward=()
outside=()
for file in engine/*.[ch]; do
	for header in $(includes "$file"); do
		case $header in
		syscalls_filters.inc) continue ;; # made by the build from syscalls_rules.c
		*/*) outside+=("$file includes $header") && continue ;;
		esac
		[ -e "engine/$header" ] || outside+=("$file includes $header, which is not in engine/")
		# a row of the settings table names the profiles of seccomp, and nothing else upwards
		[ "$(layer "$header")" -le "$(layer "$file")" ] || upward+=("$file includes $header")
	done
done
is "engine files include engine files only" "${outside[*]-}" ""
is "no engine file includes one of a layer above it" "${upward[*]-}" ""

pure=$(grep -lE '^#[[:space:]]*include[[:space:]]+<(sys/(mount|syscall|prctl|socket|ioctl|wait)|sched|fcntl|unistd|pwd|grp)\.h>' engine/plan*.[ch] 2>/dev/null)
is "plan is pure: no header that reaches the kernel" "$pure" ""

# only_in PATTERN NAME FILE…: the pattern may appear in these files alone
only_in()
{
	local pattern=$1 name=$2 found

	shift 2
	found=$(grep -lE "$pattern" engine/*.[ch] pam_module/*.[ch] shell/*.[ch] conf/*.[ch] 2>/dev/null |
		grep -vE "^($(printf '%s|' "$@" | sed 's/|$//'))\$")
	is "$name" "$found" ""
}

only_in '<security/' "PAM's headers are included in pam_module alone" 'pam_module/.*'
only_in '<iniparser' "iniparser is used by policy alone" 'engine/policy[a-z_]*\.[ch]'
only_in '<systemd/' "systemd's bus is spoken to by a program of its own alone" 'engine/cgroup_scope_main\.c'
only_in '<(seccomp)\.h>' "libseccomp is used at build time alone" 'engine/syscalls_(generate|rules)\.[ch]'
only_in '\b(getpw|getgr)(nam|uid|gid|ent)(_r)?[[:space:]]?\(|\bgetgrouplist[[:space:]]?\(' \
	"users and groups are looked up by subject alone" 'engine/subject[a-z_]*\.[ch]' 'pam_module/.*'
only_in '\bgeteuid[[:space:]]?\(' "geteuid() is asked by host alone" \
	'engine/host[a-z_]*\.[ch]' 'engine/policy[a-z_]*\.[ch]' 'shell/.*' 'pam_module/.*'
done_testing
