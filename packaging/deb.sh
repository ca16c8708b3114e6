#!/bin/bash
# deb.sh DIRECTORY: builds the packages of this tree there (make deb). DEB_BUILD_OPTIONS as dpkg-buildpackage reads them.
set -eu
cd "$(dirname "$0")/.."
command -v dh >/dev/null && command -v dpkg-buildpackage >/dev/null || {
	echo "needs debhelper and dpkg-dev: apt install debhelper" >&2
	exit 1
}
out=$1
mkdir -p "$out"
out=$(cd "$out" && pwd)
rm -rf "$out"/*.deb "$out"/*.ddeb "$out"/*.changes "$out"/*.buildinfo "$out/source"
mkdir "$out/source"
# the sources as they lie here, changes included; nothing that was built
tar -c --exclude=./build --exclude=./.git . | tar -x -C "$out/source"
cp -r "$out/source/packaging/debian" "$out/source/debian"
cd "$out/source"
dpkg-buildpackage -us -uc -b
rm -rf "$out/source"
