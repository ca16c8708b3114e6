#!/bin/bash
# What logind and the manager know of a session. VM_MACHINE is bookworm or trixie.
. "$(dirname "$0")/lib.sh"
for part in tests/vm/parts/*.sh; do
	. "$part"
done
vm_start "${VM_MACHINE:-bookworm}"
for part in install systemd; do
	"part_$part"
done
vm_end
