#!/bin/bash
# fuzz.sh PROGRAM…: runs each fuzzer for FUZZ_SECONDS on its seeds; what it finds new stays in build/.
set -u
cd "$(dirname "$0")/../.." || exit 1
passed=0 failed=0
for program; do
	name=${program##*/fuzz_}
	found=build/fuzz/$name
	mkdir -p "$found"
	seeds=(tests/fuzz/corpus/"$name")
	[ -d "${seeds[0]}" ] || seeds=()
	if "$program" -max_total_time="${FUZZ_SECONDS:-20}" -timeout=10 -print_final_stats=1 \
		-artifact_prefix="$found/crash-" "$found" "${seeds[@]}" >"$found.log" 2>&1; then
		passed=$((passed + 1))
		echo "ok $passed - $name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$found.log") inputs"
	else
		failed=$((failed + 1))
		echo "not ok - $name: see $found.log"
		tail -n 20 "$found.log" | sed 's/^/# /'
	fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
