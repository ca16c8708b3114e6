#!/bin/bash
# What the built files show to the outside.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
: "${B:=build}"
for file in pam_contained.so contained-init contained-shell; do
	[ -e "$B/$file" ] || bail "no $B/$file: run make"
done

exported=$(nm -D --defined-only "$B/pam_contained.so" | awk '{ print $3 }' | grep -v '^PAM_CONTAINED' | sort | paste -sd' ')
is "the module exports its two functions alone" "$exported" "pam_sm_close_session pam_sm_open_session"

needed=$(readelf -d "$B/pam_contained.so" | sed -nE 's/.*NEEDED.*\[(.*)\]/\1/p' | sort)
is "the module needs no library but these" \
	"$(grep -vE '^(libpam|libiniparser|libcap|libc)\.so' <<<"$needed")" ""

like "the module binds every symbol at once" "$(readelf -d "$B/pam_contained.so")" 'BIND_NOW|FLAGS.*NOW'
like "the module's relocations are read-only" "$(readelf -lW "$B/pam_contained.so")" 'GNU_RELRO'
unlike "the module's stack is not executable" "$(readelf -lW "$B/pam_contained.so" | grep GNU_STACK)" 'RWE'

is "contained-init needs no library" "$(readelf -d "$B/contained-init" 2>/dev/null | grep -c NEEDED)" 0
is "contained-init has no interpreter" "$(readelf -lW "$B/contained-init" | grep -c INTERP)" 0
unlike "contained-init's stack is not executable" "$(readelf -lW "$B/contained-init" | grep GNU_STACK)" 'RWE'
size=0
for segment in $(readelf -lW "$B/contained-init" | sed -nE 's/^ *LOAD( +0x[0-9a-f]+){4} +(0x[0-9a-f]+).*/\2/p'); do
	size=$((size + segment))
done
if [ "$size" -gt 0 ] && [ "$size" -le 65536 ]; then
	ok "contained-init takes at most 64 KiB of memory ($size bytes)"
else
	not_ok "contained-init takes at most 64 KiB of memory" "$size bytes"
fi

# from the frame of another function it would take what that function still uses
is "contained-shell gives its stack back from a function of its own" \
	"$(nm "$B/contained-shell" | grep -cE ' t give_back_memory$')" 1
done_testing
