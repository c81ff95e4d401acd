#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Do the emulator's tests find what they are there for? Each fault below is put
# into a copy of its sources, alone, and the named test has to fail.
#
#   selftests/host/mutate.sh [CASES]	of the differential test, 60,000 if not

set -u -o pipefail

cases=${1-60000}
top=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

# test, file, what sed does, what is wrong then
faults()
{
	cat <<'END'
native	alu	s/0xd5/0xc5/	no AF
native	alu	s/ax & 1 ? X86_EFLAGS_OF/ax \& 1 ? X86_EFLAGS_CF/	no OF
native	alu	s/0xd5/0xd1/	no PF
native	alu	s/btl $0/btl $1/	ADC without what is carried
native	alu	s/NACRE_STATUS_FLAGS & ~X86_EFLAGS_CF/NACRE_STATUS_FLAGS/	INC changes CF
native	alu	s/(w->size == 8 ? 63 : 31)/63/	a shift's count has a bit too many
native	alu	s/RCL, SHIFT("rcl")/RCL, SHIFT("rol")/	RCL without CF in the ring
native	alu	s/\*rest = -\*rest;/;/	the sign of IDIV's rest
system	alu	s/(limit >> 1) + opposite/limit >> 1/	IDIV of the smallest
native	alu	s/return holds != (code & 1);/return holds == (code \& 1);/	conditions the other way round
native	alu	s/return sign_extend64(value, op->size \* 8 - 1)/return value \& nacre_size_mask(op->size)/	MOVSX with zeros
native	memop	s/ALU(MOV), EXTEND(1) | SIGNED/ALU(MOV), EXTEND(2) | SIGNED/	MOVSX of a byte reads a word
native	memop	s/sign_extend64(reg, op->size \* 8 - 1)/reg/	a bit string's offset without sign
native	execute	s/ZF)))$/PF)))/	CMPXCHG's destination
native	execute	s/size \* 4 - 1));/size * 4 - 2));/	CBW's sign
native	alu	s/op->reg_size, op->shift, value/max(op->reg_size, 4), op->shift, value/	8 and 16 bits clear the rest
native	memory	s/return last <= s->limit;/return first <= s->limit;/	only the first byte against the limit
native	memory	s/return first > s->limit/return first >= s->limit/	expand-down segments begin too early
native	memory	s/seg == SS ? SF : GP, e/GP, e/	#GP of the stack
native	memory	s/seg == FS || seg == GS ? linear/seg == FS ? linear/	no base of GS
native	memory	s/(min(size, 16u) - 1)/min(size, 16u)/	#AC by the wrong bits
native	string	s/DF ? -size : size/DF ? -1 : size/	strings go down by one
native	string	s/gpr(e)\[RCX\] - 1);/gpr(e)[RCX] - 2);/	REP counts two
native	string	s/equal == (e->insn->simd_prefix/equal != (e->insn->simd_prefix/	REPE for REPNE
native	string	s/more ? rip : next_rip/next_rip/	a long REP ends early
native	flow	s/gpr(e)\[RSP\] + e->insn->immediate);/gpr(e)[RSP]);/	RET n releases nothing
native	flow	s/X86_EFLAGS_VM | X86_EFLAGS_RF;/X86_EFLAGS_DF;/	PUSHF hides DF
native	flow	s/i == RSP ? sp : gpr/i == RBP ? sp : gpr/	PUSHA's RSP
system	segment	s/ATTR_DPL)), vector, absent)/ATTR_DPL)), vector, GP)/	#GP of a stack that is not there
native	vector	s/m.aligned ? m.size : 1/1/	no #GP of what is not aligned
native	vector	s/memset(vector + XMM, 0, VECTOR - XMM);/;/	VEX leaves the upper half
native	vector	s/\t\t.any_length = true,/\t\t.any_length = false,/	VMOVSS looks at the length
system	far	s/dpl == cpl && rpl <= cpl/dpl == cpl/	RPL is not looked at
system	far	s/ATTR_DOWN ? dpl <= cpl/ATTR_DOWN ? dpl >= cpl/	conforming code of an outer level
system	interrupt	s/values\[--words\]/values[0 * --words]/	a gate's parameters
system	far	s/drop_segments(e);/;/	inner segments stay
system	interrupt	s/if (!(gate->attributes & 1))/if (gate->attributes \& 1)/	trap gates clear IF
system	interrupt	s/sp & -(u64)align/sp/	64-bit events do not align the stack
system	interrupt	s/4 + 8 \* cpl/12 + 8 * cpl/	the stack of the level next to it
system	interrupt	s/vector \* 8 + 2 + e->external/vector * 8 + e->external/	no IDT bit in the error
system	memory	s/segments\[CS\].selector, size/rip, size/	no CS is pushed
system	segment	s/d.attributes |= TYPE_BUSY;/;/	LTR does not mark its task
system	segment	s/shadow = NACRE_EMU_MOV_SS/shadow = NACRE_EMU_NO_SHADOW/	MOV SS without a shadow
system	execute	s/needs & NEED_CPL0 \&\& e->next.cpl/needs \& NEED_CPL0 \&\& e->next.cpl == 1/	level 3 may do all
system	execute	s/sse ? X86_CR0_TS/sse ? 0/	SSE without #NM
system	flow	s/mask |= X86_EFLAGS_IOPL;/;/	IRET leaves IOPL
system	string	s/(1u << size) - 1/1u/	a wide OUT asks for one port's bit
system	system	s/e->next.cr4 & X86_CR4_TSD)/e->next.cr4 \& X86_CR4_DE)/	TSD is not looked at
system	system	s/base &= 0xffffff;/;/	16-bit LGDT takes 32 bits
system	system	s/nacre_emu_canonical(e, base), GP))/true, GP))/	any base of FS
system	system	s/value & X86_CR0_PG ? \*efer/value \& X86_CR0_PE ? *efer/	long mode without paging
system	system	s/selector + (to_64 ? 16 : 0)/selector + (to_64 ? 0 : 16)/	SYSRET's segments
system	system	s/from_64 ? MSR_LSTAR : MSR_CSTAR/MSR_LSTAR/	no CSTAR
system	task	s/!(type & TYPE_BUSY) == !back/true/	a task may be entered twice
system	task	s/flags &= ~(u64)X86_EFLAGS_NT;/;/	IRET leaves NT in the old task
system	task	s/if (!nested)$/if (nested)/	CALL gives the old task free
system	task	s/i \* l->size;$/i * 4;/	a 16-bit TSS as one of 32
system	task	s/cr0 | X86_CR0_TS/cr0/	TS is not set
system	task	s/, TS, TS);/, TS, NP);/	an LDT that is not there
system	task	s/\*s = before;/;/	a segment that is wrong is there
END
}

emulator=(alu memop execute far flow interrupt memory segment string system
	  task vector)
native=(native differential_model differential_cases test_emulate_native)

compile()
{
	clang -O1 -std=gnu11 -w -I"$top/selftests/host" -I"$top" \
		-c "$1" -o "$2"
}

# What is compiled once; the fault's own object is in its place.
build_all()
{
	local name

	mkdir "$work/good"
	for name in decode decode_tables "${emulator[@]}"; do
		compile "$top/arch/x86/emulate/$name.c" \
			"$work/good/$name.o" || return
	done
	for name in "${native[@]}" test_emulate_system; do
		compile "$top/selftests/host/$name.c" "$work/$name.o" || return
	done
}

# link TEST OBJECTS
link()
{
	local test=$1 from=$2 own=() libs=()

	if [[ $test = native ]]; then
		own=("${native[@]/%/.o}")
		[[ ! -e /usr/include/Zydis/Zydis.h ]] || libs=(-lZydis)
	else
		own=(test_emulate_system.o)
	fi
	(cd "$work" && clang "$from"/*.o "${own[@]}" "${libs[@]}" -o "$test")
}

passes()
{
	if [[ $1 = native ]]; then
		timeout 120 "$work/native" "$cases"
	else
		timeout 20 "$work/system"
	fi >"$work/log" 2>&1
}

# Is the fault found? It has to be one that compiles.
found()
{
	local test=$1 file=$2 change=$3 name=$work/$2.c

	sed "$change" "$top/arch/x86/emulate/$file.c" >"$name" || return
	if cmp -s "$name" "$top/arch/x86/emulate/$file.c"; then
		echo "# there is no such line in $file.c: $change"
		return 1
	fi
	rm -rf "$work/bad"
	cp -r "$work/good" "$work/bad"
	compile "$name" "$work/bad/$file.o" && link "$test" bad || return
	! passes "$test"
}

count=$(faults | wc -l)
number=1
failed=0
echo "TAP version 13"
echo "1..$((count + 1))"

result()
{
	local status=$1

	((status == 0)) || { echo -n "not "; failed=1; }
	echo "ok $number $2"
	number=$((number + 1))
}

build_all && link native good && link system good &&
	passes native && passes system
result $? "without a fault"
((failed == 0)) || {
	sed 's/^/# /' "$work/log"
	exit 1
}

while IFS=$'\t' read -r test file change what; do
	found "$test" "$file" "$change"
	result $? "$test: $what"
done < <(faults)
exit $failed
