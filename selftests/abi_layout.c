// SPDX-License-Identifier: GPL-2.0
/*
 * abi_layout - nacre.h and the kernel's kvm.h say the same
 *
 * gen_abi_layout.sh reads both headers and writes one line for each entry into
 * abi_layout.inc, so an entry cannot be forgotten. What the compiler can
 * compare is compared by it: a difference does not build. Bit fields and
 * strings have no constant expression; they are compared when this runs.
 */
#include <stdbool.h>
#include <stddef.h>
#if __STDC_HOSTED__
#include <stdio.h>
#else
int printf(const char *format, ...);
#endif

/* kvm.h sizes the coalesced ring by the page, and does not define the page. */
#define PAGE_SIZE 4096UL
#include <linux/errno.h>
#include <linux/kvm.h>
#include <linux/kvm_para.h>
#include <nacre.h>

struct kind {
	unsigned int compared;
	unsigned int wrong;
};

struct tally {
	struct kind numbers, sizes, offsets, members, types, bits, strings;
};

#define MEMBER(s, path) (((struct s *)0)->path)

#define SAME(what, condition, kind) \
	_Static_assert(condition, what " differs"); \
	t.kind.compared++;

#define NUMBER(n, k) \
	SAME(#n, (n) == (k), numbers)
#define FUNCTION1(n, k) \
	SAME(#n "()", n(0) == k(0) && n(1) == k(1) && n(5) == k(5), numbers)
#define FUNCTION4(n, k) \
	SAME(#n "()", n(0x5a5, 0x3c, 0xc1, 0) == k(0x5a5, 0x3c, 0xc1, 0) && \
	     n(0xa5a, 0xc1, 0x3c, 2) == k(0xa5a, 0xc1, 0x3c, 2), numbers)
#define SIZE(n, k) \
	SAME("struct " #n, sizeof(struct n) == sizeof(struct k) && \
	     _Alignof(struct n) == _Alignof(struct k), sizes)
#define OFFSET(n, np, k, kp) \
	SAME("offset of " #n "." #np, \
	     offsetof(struct n, np) == offsetof(struct k, kp), offsets)
#define WIDTH(n, np, k, kp) \
	SAME("size of " #n "." #np, \
	     sizeof(MEMBER(n, np)) == sizeof(MEMBER(k, kp)), members)
#define TYPE(n, np, k, kp) \
	SAME("type of " #n "." #np, __builtin_types_compatible_p( \
	     __typeof__(MEMBER(n, np)), __typeof__(MEMBER(k, kp))), types)

#define NOTE(kind, what, right) do { \
		t.kind.compared++; \
		if (!(right)) { \
			t.kind.wrong++; \
			printf("# %s differs\n", what); \
		} \
	} while (0);

#define BITS(n, np, k, kp) do { \
		struct n ours; \
		struct k theirs; \
		__builtin_memset(&ours, 0, sizeof(ours)); \
		__builtin_memset(&theirs, 0, sizeof(theirs)); \
		ours.np--; \
		theirs.kp--; \
		NOTE(bits, #n "." #np, \
		     !__builtin_memcmp(&ours, &theirs, sizeof(ours))) \
	} while (0);
#define STRING(n, k) \
	NOTE(strings, #n, sizeof(n) == sizeof(k) && \
	     !__builtin_memcmp(n, k, sizeof(n)))

static struct tally compare(void)
{
	struct tally t = { };

#include "abi_layout.inc"

	/* Not in UAPI: guest ABI, the same 32 and 12 bytes since it began. */
#define PVCLOCK(m, at) \
	SAME("offset of pvclock " #m, \
	     offsetof(struct nacre_pvclock_vcpu_time_info, m) == (at), offsets)
	PVCLOCK(version, 0)
	PVCLOCK(tsc_timestamp, 8)
	PVCLOCK(system_time, 16)
	PVCLOCK(tsc_to_system_mul, 24)
	PVCLOCK(tsc_shift, 28)
	PVCLOCK(flags, 29)
	SAME("pvclock", sizeof(struct nacre_pvclock_vcpu_time_info) == 32, sizes)
	SAME("wall clock", sizeof(struct nacre_pvclock_wall_clock) == 12, sizes)

	return t;
}

static bool report(int test, const char *what, struct kind kind)
{
	bool ok = kind.compared && !kind.wrong;

	printf("%sok %d %s: %u compared\n", ok ? "" : "not ", test, what,
	       kind.compared);
	return ok;
}

int main(void)
{
	struct tally t = compare();
	bool ok = true;

	printf("TAP version 13\n1..7\n");
	printf("# against %s, %d entries there are not in it\n",
	       ABI_AGAINST, ABI_ABSENT);
	ok &= report(1, "numbers", t.numbers);
	ok &= report(2, "structure sizes and alignments", t.sizes);
	ok &= report(3, "member offsets", t.offsets);
	ok &= report(4, "member sizes", t.members);
	ok &= report(5, "member types", t.types);
	ok &= report(6, "bit fields", t.bits);
	ok &= report(7, "strings", t.strings);
	return !ok;
}
