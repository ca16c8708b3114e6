#!/bin/bash
# image.sh MACHINE: makes the disk of a machine, once, and prints the directory with disk, kernel, initrd and key.
#
#	bookworm  Debian 12: Linux 6.1, systemd 252, OpenSSH 9.2
#	trixie    Debian 13: Linux 6.12, systemd 257, OpenSSH 10.0
#	tiny      Linux 5.10, of Debian 11, below Debian 12's programs; an init of ten lines, cgroup v2 alone
#
# Kept below /var/cache/contained-test/vm, by what it is made from: this file and the names in it.
set -u
cache=/var/cache/contained-test/vm
machine=${1:-}

systemd=(systemd-sysv dbus libpam-systemd cron at sudo dbus-user-session slapd ldap-utils nslcd libnss-ldapd autofs auditd
	polkitd pkexec systemd-container)
common=(openssh-server rsync login passwd util-linux procps python3-minimal iproute2 kmod e2fsprogs less
	libpam-runtime libcap2 busybox-static mount netbase initramfs-tools)
suite=$machine
kernel=linux-image-cloud-amd64
case $machine in
bookworm) packages=("${systemd[@]}" "${common[@]}" libiniparser1) ;;
trixie) packages=("${systemd[@]}" "${common[@]}" libiniparser4 wtmpdb libpam-wtmpdb lastlog2 libpam-lastlog2) ;;
tiny)
	suite=bookworm
	kernel=linux-image-cloud-amd64/bullseye
	packages=("${common[@]}" libiniparser1 pamtester)
	;;
*)
	echo "usage: image.sh bookworm|trixie|tiny" >&2
	exit 2
	;;
esac

key=$(sha256sum <"${BASH_SOURCE[0]}" | cut -c1-12)
image=$cache/$machine-$key
if [ -e "$image/ready" ]; then
	echo "$image"
	exit 0
fi
[ "$(id -u)" -eq 0 ] || {
	echo "the disk of $machine is made as root" >&2
	exit 1
}
for program in mmdebstrap mkfs.ext4 ssh-keygen; do
	command -v "$program" >/dev/null || {
		echo "no $program: make check-vm installs it" >&2
		exit 1
	}
done

umask 022
mkdir -p "$cache" || exit 1
exec 9>"$cache/lock"
flock 9 || exit 1
[ ! -e "$image/ready" ] || {
	echo "$image"
	exit 0
}
work=$(mktemp -d "$cache/new.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
root=$work/root

sources=("deb http://deb.debian.org/debian $suite main" "deb http://deb.debian.org/debian-security $suite-security main")
[ "$machine" != tiny ] || sources+=("deb http://deb.debian.org/debian bullseye main")
# the initrd holds what the disk needs and no more: half the time of a start under emulation
small='mkdir -p "$1/etc/initramfs-tools/conf.d" "$1/usr/share/initramfs-tools/modules.d" &&
	printf "MODULES=list\nCOMPRESS=gzip\nRESUME=none\n" >"$1/etc/initramfs-tools/conf.d/vm" &&
	printf "virtio_pci\nvirtio_blk\next4\n" >"$1/usr/share/initramfs-tools/modules.d/vm"'
LC_ALL=C mmdebstrap --quiet --variant=minbase --essential-hook="$small" \
	--include="$(IFS=,; echo "${packages[*]}"),$kernel" \
	"$suite" "$root" "${sources[@]}" >"$work/log" 2>&1 9>&- || {
	tail -n 20 "$work/log" >&2
	exit 1
}

ssh-keygen -q -t ed25519 -N '' -C '' -f "$work/key"
install -d -m 0700 "$root/root/.ssh"
install -m 0600 "$work/key.pub" "$root/root/.ssh/authorized_keys"
rm -f "$root"/etc/ssh/ssh_host_*
ssh-keygen -q -t ed25519 -N '' -C '' -f "$root/etc/ssh/ssh_host_ed25519_key"
printf 'vm\n' >"$root/etc/hostname"
printf '127.0.0.1 localhost vm\n::1 localhost\n' >"$root/etc/hosts"
printf '/dev/vda / ext4 rw 0 1\n' >"$root/etc/fstab"
# no other machine reaches it: sshd is forwarded to loopback, and passwords are for the console
printf 'HostKey /etc/ssh/ssh_host_ed25519_key\nMaxStartups 200\n' >"$root/etc/ssh/sshd_config.d/vm.conf"
for user in alice bob; do
	chroot "$root" useradd -m -s /bin/bash "$user"
	install -d -m 0700 "$root/home/$user/.ssh"
	install -m 0600 "$work/key.pub" "$root/home/$user/.ssh/authorized_keys"
	chroot "$root" chown -R "$user:$user" "/home/$user/.ssh"
done
chroot "$root" useradd -r -m -d /var/lib/service -s /bin/sh service
printf '%s:vm\n' root alice bob | chroot "$root" chpasswd

if [ "$machine" = tiny ]; then
	cat >"$root/vm-init" <<-'END'
		#!/bin/bash
		# PID 1 of the machine without systemd: mounts, network, sshd; a word on the console switches it off
		export PATH=/usr/sbin:/usr/bin:/sbin:/bin
		mount -t proc proc /proc
		mount -t sysfs sysfs /sys
		mountpoint -q /dev || mount -t devtmpfs dev /dev
		mkdir -p /dev/pts /dev/shm
		mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /dev/pts
		mount -t tmpfs -o mode=1777 tmpfs /dev/shm
		mount -t tmpfs -o mode=0755 tmpfs /run
		mount -t cgroup2 cgroup2 /sys/fs/cgroup
		hostname vm
		mkdir -p /run/sshd
		: >/run/utmp
		modprobe virtio_net
		ip link set lo up
		ip link set eth0 up
		ip address add 10.0.2.15/24 dev eth0
		ip route add default via 10.0.2.2
		busybox syslogd -O /var/log/messages
		/usr/sbin/sshd
		while read -r word </dev/ttyS0; do
			[ "$word" != poweroff ] || busybox poweroff -f
		done
		# reaps what is left to it, when the console is gone
		while :; do wait; sleep 1; done
	END
	chmod 0755 "$root/vm-init"
else
	printf '[Match]\nName=eth0\n[Network]\nAddress=10.0.2.15/24\n' >"$root/etc/systemd/network/vm.network"
	chroot "$root" systemd-machine-id-setup >/dev/null 2>&1
	chroot "$root" systemctl enable systemd-networkd >/dev/null 2>&1
	chroot "$root" systemctl mask systemd-networkd-wait-online.service apt-daily.timer apt-daily-upgrade.timer \
		dpkg-db-backup.timer e2scrub_all.timer fstrim.timer getty@tty1.service systemd-timesyncd.service \
		>/dev/null 2>&1
	# the parts that need one of these start it
	chroot "$root" systemctl disable slapd nslcd autofs auditd >/dev/null 2>&1
fi

cp "$root"/boot/vmlinuz-* "$work/vmlinuz" && cp "$root"/boot/initrd.img-* "$work/initrd" || exit 1
rm -rf "$root/var/cache/apt" "${root:?}/boot" "$root/usr/share/doc" "$root/usr/share/locale"
mkdir -p "$root/boot" "$root/var/cache/apt/archives/partial"
mkfs.ext4 -q -F -O '^has_journal' -E root_owner=0:0 -d "$root" "$work/disk" 2G >>"$work/log" 2>&1 || {
	tail -n 5 "$work/log" >&2
	exit 1
}
rm -rf "$root"
touch "$work/ready"
chmod 0711 "$work"
# what an older list made is of no use any more
find "$cache" -mindepth 1 -maxdepth 1 -name "$machine-*" -exec rm -rf {} +
mv "$work" "$image"
echo "$image"
