#!/bin/bash
# What the source must not contain, and how long its files may be.
set -u
export LC_ALL=C.UTF-8 # columns are characters, whatever the machine speaks
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh

# Calls, not words: comments and strings are taken away first, once. contained-init has no libc; the
# programs with a main() may exit. gcc, whoever compiles: clang -fpreprocessed gives nothing back.
code=$(
	for file in engine/*.c pam_module/*.c; do
		case $file in
		engine/init_* | engine/*_main.c | engine/syscalls_generate.c) continue ;;
		esac
		gcc -fpreprocessed -dD -E -P "$file" 2>/dev/null |
			sed -E "s/\"([^\"\\\\]|\\\\.)*\"/\"\"/g; s|^|$file: |"
	done
)

# calls NAME…: the lines of code that call one of them
calls()
{
	grep -E "[^_[:alnum:]]($(tr ' ' '|' <<<"$*"))[[:space:]]?\(" <<<"$code"
}

succeeds "there is code to look at" grep -q '^pam_module/pam_contained.c: ' <(printf '%s\n' "$code")
is "engine and module never end their process" "$(calls exit abort err errx assert)" ""
is "engine and module use no shell" "$(calls system popen wordexp)" ""
is "engine and module use no call that cannot bound its output" \
	"$(calls strcpy strcat sprintf vsprintf gets stpcpy strtok alloca)" ""
is "engine and module print nothing" "$(calls printf puts putchar perror vprintf)" ""
# the builder is a process of its own by then
is "engine and module leave the process's environment and handlers alone" \
	"$(calls setenv putenv unsetenv clearenv setlocale umask atexit signal |
		grep -v '^engine/session_build.c:.*umask(0)')" ""
is "no number is parsed by calls that hide errors" "$(calls atoi atol atoll atof)" ""

long=$(find engine pam_module shell conf tests \( -name '*.[ch]' -o -name '*.sh' -o -name '*.py' \) -exec wc -l {} + |
	awk '$1 > 450 && $2 != "total" { print $2 ": " $1 " lines" }')
is "no file is longer than 450 lines" "$long" ""

wide=$(grep -nE '^.{181,}' -r --include='*.[ch]' --include='*.sh' engine pam_module shell conf tests | cut -c1-100)
is "no line is a paragraph" "$wide" ""

unfinished=$(grep -rnE '\b(TODO|FIXME|X''XX)\b|not implemented' --include='*.[ch]' --include='*.sh' \
	engine pam_module shell conf tests Makefile | grep -v '^tests/static/source.sh')
is "nothing is marked as unfinished" "$unfinished" ""

missing=$(grep -L '^#pragma once' engine/*.h pam_module/*.h shell/*.h conf/*.h tests/*/*.h 2>/dev/null)
is "every header guards itself with #pragma once" "$missing" ""

# one that passed is not looked at again until it changes: they are many, and make check is to be quick
: "${B:=build}"
passed=$B/test-logs/shellcheck.passed
mapfile -t scripts < <(find tests .ci packaging -type f -exec grep -lE '^#!.*\b(ba|da)?sh\b|^# shellcheck shell=' {} +)
if [ -e "$passed" ]; then
	mapfile -t scripts < <(find "${scripts[@]}" -newer "$passed"; echo tests/static/source.sh)
fi
mkdir -p "$B/test-logs" && touch "$passed.new"
if command -v shellcheck >/dev/null; then
	# 1090 1091: sourced files are checked themselves; 2034 2154: fixture and suite share variables
	if printf '%s\0' "${scripts[@]}" | xargs -0 -P 2 -n 12 shellcheck --severity=warning \
		-e SC1090,SC1091,SC2034,SC2154,SC2120 >"$B/test-logs/shellcheck" 2>&1; then
		ok "shellcheck has nothing to say about ${#scripts[@]} scripts"
		mv "$passed.new" "$passed"
	else
		not_ok "shellcheck has nothing to say" "$(cat "$B/test-logs/shellcheck")"
	fi
else
	skip "no shellcheck: make deps" "shellcheck has nothing to say"
fi
for script in tests/lib/*.py; do
	succeeds "$script is valid Python" python3 -c 'import ast, sys; ast.parse(open(sys.argv[1]).read())' "$script"
done
done_testing
