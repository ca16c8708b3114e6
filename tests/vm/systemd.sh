#!/bin/bash
# What logind and the manager know of a session. VM_MACHINE is bookworm or trixie. Not yet run by
# make check-vm: limits are no properties of the session's scope so far.
. "$(dirname "$0")/lib.sh"
for part in tests/vm/parts/*.sh; do
	. "$part"
done
vm_start "${VM_MACHINE:-bookworm}"
for part in install ${VM_PARTS-systemd sudo_terminal}; do
	"part_$part"
done
vm_end
