#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Ask the kernel in KDIR what it offers and write the answers to OUT.h. Only
# the tree itself is asked, for stable kernels change without their number
# saying so: a symbol is looked up in Module.symvers, a prototype, constant
# or struct member is compiled.
#
# usage: probe.sh KDIR OUT.h MODULE_NAME

set -eu

kdir=$1
out=$2
name=$3
self=$0

work=$(dirname "$out")/probe
key=$out.key

# What the answers depend on: the kernel's tree, this script, the name that
# exports may be reserved for, and the compiler.
fingerprint()
{
	echo "$kdir $name ${CC:-gcc}"
	cksum "$self"
	stat -L -c '%n %s %Y' "$kdir/Module.symvers" \
		"$kdir/include/generated/autoconf.h"
}

fingerprint=$(fingerprint)
if [ -f "$out" ] && [ "$(cat "$key" 2>/dev/null)" = "$fingerprint" ]; then
	exit 0
fi

rm -rf "$work"
mkdir -p "$work"

# exported SYMBOL: is it open to a module called $name? Newer kernels reserve
# some for the modules listed in a namespace "module:a,b-*".
exported()
{
	awk -F '\t' -v sym="$1" -v name="$name" '
		function open(ns,    n, i, list) {
			if (ns !~ /^module:/)
				return ns == ""
			n = split(substr(ns, 8), list, ",")
			for (i = 1; i <= n; i++) {
				gsub(/-/, "_", list[i])
				if (list[i] == name)
					return 1
				if (sub(/\*$/, "", list[i]) &&
				    index(name, list[i]) == 1)
					return 1
			}
			return 0
		}
		$2 == sym { found = open($5) }
		END { exit !found }' "$kdir/Module.symvers"
}

# symbol MACRO SYMBOL: define MACRO if the symbol can be used.
symbol()
{
	if exported "$2"; then
		echo "#define NACRE_HAVE_$1 1"
	else
		echo "/* NACRE_HAVE_$1: $2 is not exported to us */"
	fi >>"$out.new"
}

# need SYMBOL...: nothing can stand in for these.
need()
{
	missing=
	for s in "$@"; do
		exported "$s" || missing="$missing $s"
	done
	[ -z "$missing" ] && return
	{
		echo "nacre: this kernel does not export to a module '$name':" \
		     "$missing"
		if [ "$name" != kvm ]; then
			echo "nacre: newer kernels keep them for KVM's" \
			     "modules: try make NAME=kvm"
		fi
	} >&2
	exit 1
}

# compiles MACRO HEADER BODY: define MACRO if the body compiles in a function.
compiles()
{
	probes="${probes:-} $1"
	cat >"$work/$1.c" <<-END
		#include <linux/kernel.h>
		#include <$2>
		void nacre_probe(void);
		void nacre_probe(void)
		{
			$3
		}
	END
}

run_compiled()
{
	objs=
	for p in $probes; do
		objs="$objs $p.o"
	done
	echo "obj-m := $objs" >"$work/Kbuild"
	# A probe that does not compile is an answer. That all of them fail
	# is not, so the first has to succeed.
	# shellcheck disable=SC2086
	MAKEFLAGS='' make -k -s -C "$kdir" M="$work" KBUILD_MODPOST_WARN=1 \
		KCFLAGS='-Werror -Wno-unused' $objs >"$work/log" 2>&1 || :
	if [ ! -f "$work/SANE.o" ]; then
		cat "$work/log" >&2
		echo "nacre: cannot compile against $kdir" >&2
		exit 1
	fi
	for p in $probes; do
		if [ "$p" = SANE ]; then
			continue
		elif [ -f "$work/$p.o" ]; then
			echo "#define NACRE_HAVE_$p 1"
		else
			echo "/* NACRE_HAVE_$p: does not compile */"
		fi
	done >>"$out.new"
}

echo "  PROBE   $kdir"
cat >"$out.new" <<END
/* SPDX-License-Identifier: GPL-2.0 */
/* Made by module/compat/probe.sh from $kdir. */
END

need fpu_alloc_guest_fpstate fpu_free_guest_fpstate fpu_swap_kvm_fpstate \
	fpu_copy_guest_fpstate_to_uabi fpu_copy_uabi_to_guest_fpstate \
	get_user_pages_unlocked get_user_pages_fast_only \
	add_wait_queue_priority eventfd_ctx_do_read eventfd_ctx_fileget \
	eventfd_ctx_remove_wait_queue intel_pt_handle_vmx l1tf_mitigation x86_spec_ctrl_current
# A kernel that is built without mitigations has a constant in its header.
grep -q 'CONFIG_CPU_MITIGATIONS 1' "$kdir/include/generated/autoconf.h" &&
	need cpu_mitigations_off

symbol CURRENT_CR3_FAST __get_current_cr3_fast
symbol CR4_READ_SHADOW cr4_read_shadow
symbol APIC apic
symbol POSTED_INTR_WAKEUP kvm_set_posted_intr_wakeup_handler
symbol MM_FAULT handle_mm_fault
symbol VMA_LOOKUP mtree_load
symbol EMERGENCY_CALLBACK cpu_emergency_register_virt_callback

compiles SANE linux/module.h 'int x = HZ;'
compiles CPUHP_KVM_ONLINE linux/cpuhotplug.h \
	'enum cpuhp_state s = CPUHP_AP_KVM_ONLINE;'
compiles SYSCORE_DATA linux/syscore_ops.h \
	'struct syscore s = { .data = NULL };'
compiles FOLL_INTERRUPTIBLE linux/mm.h \
	'unsigned int f = FOLL_INTERRUPTIBLE;'
compiles GUEST_WORK_VOID linux/entry-kvm.h \
	'int (*work)(void) = xfer_to_guest_mode_handle_work;'
compiles FPU_UABI_XFEATURES asm/fpu/api.h \
	'fpu_copy_guest_fpstate_to_uabi(NULL, NULL, 0U, (u64)0, (u32)0);'
compiles RCU_NOTE_THIS_CPU linux/rcupdate.h \
	'rcu_virt_note_context_switch();'
compiles EVENTFD_SIGNAL_ONE linux/eventfd.h \
	'eventfd_signal(NULL);'
compiles HRTIMER_SETUP linux/hrtimer.h \
	'hrtimer_setup(NULL, NULL, CLOCK_MONOTONIC, HRTIMER_MODE_ABS);'
run_compiled

rm -rf "$work"
mv "$out.new" "$out"
echo "$fingerprint" >"$key"
