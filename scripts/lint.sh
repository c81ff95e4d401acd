#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Everything that can be said about the sources without running them. Prints
# TAP: a case for each check, with what it found as comments above it.
#
# usage: lint.sh [KDIR...]	the kernels to build against

set -u -o pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top" || exit 1
checkpatch=build/linux-source-6.12/scripts/checkpatch.pl
out=build/lint
mkdir -p "$out"

# 25000 is the aim, which the interrupt system went beyond, and the emulator by
# more: what is added from here on has to be won elsewhere.
max_module_lines=31000
max_function_lines=100
max_compat_functions=25
# Functions that may be longer: flat tables of cases. One name per line.
long_functions=scripts/long-functions

count=0
failed=0

# verdict STATUS NAME: one TAP case; what stands in $out/found is why.
verdict()
{
	local word=ok

	count=$((count + 1))
	if [[ $1 -ne 0 ]]; then
		word='not ok'
		failed=$((failed + 1))
		sed 's/^/# /' "$out/found" | head -n 200
	fi
	echo "$word $count - lint: $2"
}

# empty NAME: the check's command has listed what is wrong in $out/found.
empty()
{
	[[ ! -s $out/found ]]
	verdict $? "$1"
}

# files PATTERN...: in the tree, without what was built.
files()
{
	local args=() p

	for p; do
		args+=(-o -name "$p")
	done
	find . \( -path ./build -o -path ./.git \) -prune -o \
		-type f \( "${args[@]:1}" \) -print | sed 's|^\./||' | sort
}

scripts()
{
	find . \( -path ./build -o -path ./.git \) -prune -o \
		-type f -size -1024k -print | sed 's|^\./||' | sort |
		while read -r f; do
			if head -n 1 "$f" | grep -aqE '^#!.*(ba)?sh' ||
			   [[ $f == *.sh ]]; then
				echo "$f"
			fi
		done
}

module_files()
{
	files '*.[chS]' | grep -E '^(module|arch)/'
}

# FILE:LINE NAME LENGTH of each function: kernel style has the braces of a
# function, and of nothing else, alone in the first column.
functions()
{
	# shellcheck disable=SC2016
	module_files | grep '\.c$' | xargs -r awk '
	FNR == 1 { open = 0; head = "" }
	/^\{$/ { open = FNR; next }
	/^\}$/ && open {
		print FILENAME ":" open, name, FNR - open + 1
		open = 0
	}
	!open && /^[a-zA-Z_].*\(/ {
		head = $0
		sub(/\(.*/, "", head)
		n = split(head, word, /[ *]+/)
		name = word[n]
	}'
}

# style_of PASSED IGNORE FILE...: a few files, in a process beside others.
# shellcheck disable=SC2317 # reached by xargs
style_of()
{
	local passed=$1 ignore=$2 found

	shift 2
	found=$(perl "$checkpatch" --no-tree --terse --show-types --no-summary \
		--quiet --max-line-length=80 --ignore "$ignore" -f "$@" \
		</dev/null 2>&1)
	if [[ $? -eq 0 && -z $found ]]; then
		sha1sum "$@" >>"$passed"
	else
		printf '%s\n' "${found:-checkpatch failed on $*}"
	fi
}
export -f style_of
export checkpatch

# style NAME IGNORE FILE...: what has passed passes until it changes, or what
# it is judged by does.
style()
{
	local name=$1 ignore=$2 rules passed=$out/style-$1

	shift 2
	rules=$(cat "$checkpatch" scripts/lint.sh | sha1sum)
	[[ $(head -n 1 "$passed" 2>/dev/null) = "$rules" ]] ||
		printf '%s\n' "$rules" >"$passed"
	sha1sum "$@" | grep -vxFf "$passed" | sed 's/^[^ ]*  //' |
		xargs -r -P "$(nproc)" -n 8 \
			bash -c 'style_of "$@"' - "$passed" "$ignore" \
			>"$out/found"
	empty "checkpatch, $# files of $name"
}

check_style()
{
	# Lists that expand a macro for each row look wrong line by line.
	local ignore=COMPLEX_MACRO,MULTISTATEMENT_MACRO_USE_DO_WHILE
	local list

	ignore+=,TRAILING_SEMICOLON,MACRO_ARG_UNUSED,MACRO_ARG_REUSE
	# gfn_t, gpa_t and kin are the field's names.
	ignore+=,NEW_TYPEDEFS
	# A chain of conditions reads as one.
	ignore+=,UNNECESSARY_ELSE

	mapfile -t list < <(module_files | grep -vx arch/x86/backend.h)
	style module "$ignore" "${list[@]}"

	# Where macros declare members they are no statements.
	mapfile -t list < <(files '*.h' | grep '^include/')
	style interfaces "$ignore,LINE_SPACING,SPACING" \
		arch/x86/backend.h "${list[@]}"

	# Programs have no kernel macros, and guests are full of assembly.
	ignore+=,PREFER_DEFINED_ATTRIBUTE_MACRO,PREFER_KERNEL_TYPES,VOLATILE
	ignore+=,LEADING_SPACE,SPACING,CAMELCASE,AVOID_EXTERNS,USE_NEGATIVE_ERRNO
	ignore+=,EMBEDDED_FUNCTION_NAME,FUNCTION_ARGUMENTS
	ignore+=,MACRO_WITH_FLOW_CONTROL,STRCPY
	ignore+=,DO_WHILE_MACRO_WITH_TRAILING_SEMICOLON
	mapfile -t list < <(files '*.[ch]' | grep -vE '^(module|arch|include)/')
	style programs "$ignore" "${list[@]}"
}

check_shell()
{
	mapfile -t list < <(scripts)
	# What is sourced sets variables of whoever sources it, and back.
	shellcheck -x -S warning -e SC2034,SC2154 "${list[@]}" >"$out/found" 2>&1
	verdict $? "shellcheck, ${#list[@]} scripts"
}

# Differences between kernels are probed, and no back door is used.
check_forbidden()
{
	{
		module_files | xargs -r grep -nE \
			'LINUX_VERSION_CODE|KERNEL_VERSION|RHEL_RELEASE'
		module_files | xargs -r grep -nE \
			'kallsyms|kprobe|__symbol_get|symbol_get'
		module_files | xargs -r grep -nE '\b(BUG|BUG_ON|panic)\('
		files '*.[chS]' | grep -v '^build/' | xargs -r grep -nE \
			'\b(TODO|FIXME|XXX)\b'
	} >"$out/found"
	empty "no version numbers, back doors, BUG or TODO"
}

# Nobody but a vendor's folder includes a vendor's header.
check_rooms()
{
	local vendor

	for vendor in svm vmx; do
		files '*.[chS]' |
			grep -Ev "^(arch/x86/$vendor|selftests/host)/" |
			xargs -r grep -n "#include \"arch/x86/$vendor/"
	done >"$out/found"
	# Host tests are built from the module's own parts.
	files '*.[ch]' | grep -E '^(userspace|selftests)/' |
		grep -v ^selftests/host/ | xargs -r grep -nE \
		'#include "((\.\./)*)(module|arch/x86/(svm|vmx|mmu))/' \
		>>"$out/found"
	empty "each room includes only what it may"
}

check_size()
{
	local lines

	lines=$(module_files | xargs -r cat | wc -l)
	echo "# module: $lines lines of at most $max_module_lines"
	[[ $lines -le $max_module_lines ]]
	verdict $? "the module is small"

	lines=$(cat module/compat/*.h |
		grep -cE '^[a-z].*\bcompat_[a-z0-9_]+\(|^\.macro COMPAT_')
	echo "# compat: $lines functions of at most $max_compat_functions"
	[[ $lines -le $max_compat_functions ]]
	verdict $? "the compat layer is small"
}

check_functions()
{
	functions | sort -k3,3n >"$out/functions"
	awk '{ len[NR] = $3; if ($3 > 50) over++ }
	END {
		if (!NR)
			exit
		printf "# functions: %d, median %d lines, 90 %% within %d, ",
		       NR, len[int((NR + 1) / 2)], len[int(NR * 9 / 10)]
		printf "%d over 50, longest %d\n", over, len[NR]
	}' "$out/functions"
	awk -v max="$max_function_lines" -v allow="$long_functions" '
	BEGIN {
		while ((getline line <allow) > 0)
			allowed[line] = 1
	}
	$3 > max && !($2 in allowed)' "$out/functions" >"$out/found"
	empty "no function over $max_function_lines lines"
}

# noinstr OBJECT OBJTOOL: does noinstr code call anything that is not? Kbuild
# asks this of vmlinux only. What is noinstr there is unknown to objtool here,
# so it gets functions of that name to see, and a pv_ops without members, for
# what these point to is vmlinux's affair, too.
noinstr()
{
	gcc -c -x assembler -o "$out/stubs.o" - <<-'END' &&
		.section .note.GNU-stack, "", @progbits
		.section .noinstr.text, "ax"
		.macro stub name
		.globl \name
		.type \name, @function
		\name:
		ret
		int3
		.size \name, . - \name
		.endm
		stub BUG_func
		stub __ct_user_enter
		stub __ct_user_exit
		stub amd_clear_divider
		stub clear_bhb_loop
		stub entry_ibpb
		stub entry_untrain_ret
		stub srso_alias_untrain_ret
		.data
		.globl pv_ops
		.type pv_ops, @object
		pv_ops: .zero 4096
		.size pv_ops, 4096
	END
		ld -r -o "$out/noinstr.o" "$1" "$out/stubs.o" &&
		SRCARCH=x86 "$2" --noinstr --link --dry-run "$out/noinstr.o"
}

release_of()
{
	sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' \
		"$1/include/generated/utsrelease.h"
}

# start_build KDIR: the compiler's and sparse's warnings are errors. Sparse
# comes before the compiler: an object that is there has passed both.
start_build()
{
	make -k -j"$(nproc)" module KDIR="$1" variant=lint W=1 C=1 \
		KCFLAGS='-Werror -DCONFIG_NOINSTR_VALIDATION=1' \
		CF=-Wsparse-error >"$out/build-$(release_of "$1").log" 2>&1 &
	builds[$1]=$!
}

# check_build KDIR: what objtool and modpost say is read from the log.
check_build()
{
	local release log status=0

	release=$(release_of "$1")
	log=$out/build-$release.log
	wait "${builds[$1]}" || status=$?
	grep -E 'warning:|error:|WARNING:|ERROR:|Error ' "$log" >"$out/found"
	if [[ $status -ne 0 || -s $out/found ]]; then
		[[ -s $out/found ]] || tail "$log" >"$out/found"
		# A warning is said once: have it said again next time.
		find "build/$release/src-lint" -name '*.o' -delete
		status=1
	fi
	verdict $status "gcc W=1, sparse, objtool, modpost on $release"

	noinstr "build/$release/src-lint/nacre.o" \
		"$1/tools/objtool/objtool" >"$out/found" 2>&1
	empty "noinstr calls nothing outside, by objtool of $release"
}

# What clang-format thinks of the layout is worth a look, not an error.
tell_format()
{
	local differ

	if ! command -v clang-format >/dev/null; then
		echo "# clang-format is not installed: its view is not known"
		return
	fi
	cp build/linux-source-6.12/.clang-format "$out/.clang-format"
	differ=$(module_files | grep '\.[ch]$' | while read -r f; do
		clang-format --style="file:$out/.clang-format" "$f" |
			cmp -s - "$f" || echo "$f"
	done | wc -l)
	echo "# clang-format would lay out $differ files differently"
}

echo "TAP version 13"
check_style
check_shell
check_forbidden
check_rooms
check_size
check_functions
declare -A builds
for kdir; do
	start_build "$kdir"
done
for kdir; do
	check_build "$kdir"
done
tell_format
echo "1..$count"
[[ $failed -eq 0 ]]
