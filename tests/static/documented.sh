#!/bin/bash
# What the README and the man pages say of the code is what the code says: steps, arguments, commands.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
: "${B:=build}"
[ -x "$B/contained" ] || bail "no $B/contained: run make"
module_page=pam_module/pam_contained.8
command_page=shell/contained.8
shell_page=shell/contained-shell.1

# --- the table of steps: "phase|name|process|why" -----------------------------------------------
table=$(sed -n '/^const struct session_step session_steps\[\] = {/,/^};/p' engine/session.c)
steps=$(tr '\n\t' '  ' <<<"$table" |
	grep -oE '\{ "[a-z]+", PHASE_[A-Z]+, PLACE_[A-Z]+, [^"]*"[^"]*" \}' |
	sed -E 's/\{ "([a-z]+)", PHASE_([A-Z]+), PLACE_([A-Z]+), [^"]*"([^"]*)" \}/\L\2\E|\1|\3|\4/' |
	sed -E 's/\|LEADER\|/|session process|/; s/\|BUILDER\|/|builder|/; s/\|INIT\|/|PID 1|/; s/\|PROGRAM\|/|program|/')
is "every row of engine/session.c is understood here" "$(grep -c . <<<"$steps")" \
	"$(grep -oE 'PHASE_[A-Z]+' <<<"$table" | grep -c .)"

readme=$(sed -nE '/^\| phase \| step \| process \| why \|$/,/^$/p' README.md | tail -n +3 | grep . |
	sed -E 's/^\| //; s/ \|$//; s/ \| /|/g')
is "README.md has each step, in order, with its process and reason" "$readme" "$steps"

# section PAGE NAME: the source of one section
section()
{
	sed -n "/^\.Sh $2\$/,/^\.Sh /p" "$1"
}

page=$(section "$module_page" STEPS | sed -nE '/^\.It Cm /{N; s/^\.It Cm ([a-z]+) Pq ([^\n]*)\n(.*)/\1|\2|\3/p}')
is "$module_page has each step, in order, with its process and reason" "$page" "$(cut -d'|' -f2- <<<"$steps")"

# --- arguments, commands, options: each is documented, and nothing else is ------------------------
# items PAGE SECTION PATTERN: the words after .It that the pattern keeps, sorted
items()
{
	section "$1" "$2" | sed -nE "s/^\.It $3( .*)?\$/\1/p" | sort
}

parsed=$(grep -oE '(text_after|text_equal)\(argv\[i\], "[a-z_]+=?"\)' pam_module/pam_contained.c |
	sed -E 's/.*"([a-z_]+)=?".*/\1/' | sort -u)
like "the module parses arguments" "$parsed" '(^|.)debug'
is "$module_page has every argument of the module" "$(items "$module_page" ARGUMENTS 'Cm ([a-z_]+)')" "$parsed"

checked=$(grep -E '^static const char \*const known_arguments' shell/check_pam.c | grep -oE '"[a-z_]+=?"' | tr -d '"=' | sort -u)
is "contained check knows every argument of the module" "$checked" "$parsed"

commands=$(sed -nE 's/^\t\{ "([a-z-]+)", command_.*/\1/p' shell/contained.c | sort)
like "there are commands" "$commands" '(^|.)check'
is "$command_page has every command" \
	"$(items "$command_page" DESCRIPTION 'Cm ([a-z-]+)' | grep -vx help)" "$commands"
is "$command_page has every command in its synopsis" \
	"$(section "$command_page" SYNOPSIS | sed -nE 's/^\.Cm ([a-z-]+)( .*)?$/\1/p' | grep -vx help | sort -u)" "$commands"

options=$(grep -ohE '\{ "[a-z-]+", (required|no|optional)_argument' shell/*.c | sed -E 's/.*"(.*)".*/\1/' | sort -u)
told=$(sed -nE 's/^\t\{ "([a-z]+)", ("|NULL).*/\1/p' shell/narrate.c | sort)
is "shell/narrate.c has words for every step" "$told" "$(cut -d'|' -f2 <<<"$steps" | sort -u)"

is "$command_page has every option" "$(items "$command_page" DESCRIPTION 'Fl -([a-z-]+)' | grep -vx version | sort -u)" "$options"

# --- what an administrator copies from the README works --------------------------------------------
work=$(mktemp -d) || bail "no temporary directory"
trap 'rm -rf "$work"' EXIT
sed -n '/^```ini$/,/^```$/p' README.md | grep -v '^```' >"$work/contained.conf"
chmod 0644 "$work/contained.conf"
succeeds "the README's configuration is not empty" grep -q '^\[default\]' "$work/contained.conf"
succeeds "the README's configuration has no errors" "$B/contained" check "$work/contained.conf"
for example in conf/examples/*.conf; do
	install -m 0644 "$example" "$work/example.conf"
	succeeds "$example has no errors" "$B/contained" check "$work/example.conf"
	contains "README.md names $example" "$(cat README.md)" "\`$(basename "$example" .conf)\`"
done
targets=$(grep -oE '`(sudo )?make [a-z ]+`|^    sudo make [a-z ]+$' README.md |
	sed -E 's/`//g; s/^ *(sudo )?make //' | tr ' ' '\n' | sort -u)
unknown=$(for target in $targets; do grep -qE "^$target:" Makefile || echo "$target"; done)
is "every make target of the README is in the Makefile" "$unknown" ""
arguments=$(grep -hoE '^ *session required pam_contained\.so.*' README.md "$module_page" |
	sed -E 's/.*pam_contained\.so//' | tr ' ' '\n' | sed -E 's/=.*//' | grep . | sort -u)
is "every argument of the PAM lines shown is one of the module's" "$(comm -23 <(printf '%s\n' "$arguments") <(printf '%s\n' "$parsed"))" ""

flags=$(sed -nE 's/.*strchr\("([a-z]+)", \*flags\).*/\1/p' shell/door_request.c | grep -o . | sort)
is "$shell_page has every option" "$(items "$shell_page" DESCRIPTION 'Fl ([a-z])')" "$flags"
passing=$(sed -n '/} passing\[\] = {/,/};/p' shell/door_request.c | grep -oE '"[A-Z_0-9]+"' | tr -d '"' | sort)
like "the shell lets variables pass" "$passing" '(^|.)TERM'
is "$shell_page has every variable that passes" \
	"$(for name in $passing; do grep -qwE "$name(\*|)" "$shell_page" && echo "$name"; done)" "$passing"

for page in "$module_page" "$command_page" "$shell_page"; do
	if command -v mandoc >/dev/null; then
		succeeds "mandoc has no warning about $page" mandoc -Tlint -W warning "$page"
	else
		skip "no mandoc: make deps" "mandoc has no warning about $page"
	fi
done
done_testing
