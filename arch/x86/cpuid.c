// SPDX-License-Identifier: GPL-2.0
/*
 * The CPUID that the guest sees: what userspace set, kept current where the
 * manuals tie a bit to the guest's own state.
 */
#include <linux/overflow.h>
#include <linux/slab.h>
#include <asm/processor.h>

#include "arch/x86/apic.h"
#include "arch/x86/cpuid.h"
#include "arch/x86/ioctls.h"
#include "arch/x86/xstate.h"

#define SIGNATURE_RESET		0x600	/* what the ABI gives without leaf 1 */
#define DEFAULT_MAXPHYADDR	36
#define LEAF1_ECX_OSXSAVE	BIT(27)
#define LEAF1_EDX_APIC		BIT(9)
#define LEAF7_ECX_OSPKE		BIT(4)

/* Spreads the three ranges' first leaves, which is where all of them are. */
static unsigned int hash(u32 function)
{
	return (function ^ function >> 26) % NACRE_CPUID_HASH;
}

static bool entry_matches(const struct nacre_cpuid_entry2 *entry, u32 function,
			  u32 index)
{
	if (entry->function != function)
		return false;
	return entry->index == index ||
	       !(entry->flags & NACRE_CPUID_FLAG_SIGNIFCANT_INDEX);
}

static __always_inline const struct nacre_cpuid_entry2 *
find(const struct nacre_vcpu *vcpu, u32 function, u32 index)
{
	const struct nacre_guest_cpuid *cpuid = &vcpu->arch.cpuid;
	unsigned int n;

	for (n = cpuid->first[hash(function)]; n; n = cpuid->next[n]) {
		if (entry_matches(&cpuid->entries[n - 1], function, index))
			return &cpuid->entries[n - 1];
	}
	return NULL;
}

/* The guest's entry, or NULL: nothing was set for it. */
static noinline const struct nacre_cpuid_entry2 *
find_cpuid(const struct nacre_vcpu *vcpu, u32 function, u32 index)
{
	return find(vcpu, function, index);
}

/* Backwards, so that each chain is in the order of the entries. */
static void index_entries(struct nacre_guest_cpuid *cpuid)
{
	unsigned int n, h;

	memset(cpuid->first, 0, sizeof(cpuid->first));
	for (n = cpuid->count; n; n--) {
		h = hash(cpuid->entries[n - 1].function);
		cpuid->next[n] = cpuid->first[h];
		cpuid->first[h] = n;
	}
}

bool nacre_guest_has(const struct nacre_vcpu *vcpu, unsigned int feature)
{
	const struct nacre_cpuid_place *place = &nacre_cpuid_places[feature / 32];
	const struct nacre_cpuid_entry2 *leaf;

	if (WARN_ON_ONCE(!place->function))
		return false;
	leaf = find_cpuid(vcpu, place->function, place->index);
	return leaf && *(u32 *)((u8 *)leaf + place->reg) & BIT(feature % 32);
}

u32 nacre_cpuid_signature(const struct nacre_vcpu *vcpu)
{
	const struct nacre_cpuid_entry2 *leaf = find_cpuid(vcpu, 1, 0);

	return leaf ? leaf->eax : SIGNATURE_RESET;
}

static void set_bit_to(u32 *word, u32 bit, bool value)
{
	*word = value ? *word | bit : *word & ~bit;
}

/* The leaves that apply_state() changes something in. */
static bool depends_on_state(u32 function)
{
	return function == 1 || function == 7 || function == 0xd;
}

/* Bits that mirror a control register; CR4 is the guest's to change freely. */
static void apply_state(struct nacre_vcpu *vcpu,
			struct nacre_cpuid_entry2 *leaf)
{
	if (leaf->function == 0xd) {
		nacre_xstate_sizes(vcpu, leaf);
	} else if (leaf->function == 1) {
		if (nacre_host_has(X86_FEATURE_XSAVE))
			set_bit_to(&leaf->ecx, LEAF1_ECX_OSXSAVE,
				   nacre_cr4_bits(vcpu, X86_CR4_OSXSAVE));
		set_bit_to(&leaf->edx, LEAF1_EDX_APIC,
			   vcpu->arch.apic_base & MSR_IA32_APICBASE_ENABLE);
	} else if (leaf->function == 7 && leaf->index == 0) {
		if (nacre_host_has(X86_FEATURE_PKU))
			set_bit_to(&leaf->ecx, LEAF7_ECX_OSPKE,
				   nacre_cr4_bits(vcpu, X86_CR4_PKE));
	}
}

/* The first leaf of the range (basic, hypervisor's, extended) of a leaf. */
static u32 range_base(u32 function)
{
	if (function >= 0x40000000 && function <= 0x4fffffff)
		return function & 0xffffff00;
	if (function >= 0xc0000000)
		return 0xc0000000;
	return function & 0x80000000;
}

static bool vendor_is(const struct nacre_cpuid_entry2 *leaf,
		      const char name[12])
{
	return leaf && !memcmp(&leaf->ebx, name, 4) &&
	       !memcmp(&leaf->edx, name + 4, 4) &&
	       !memcmp(&leaf->ecx, name + 8, 4);
}

bool nacre_guest_is_intel(const struct nacre_vcpu *vcpu)
{
	return vendor_is(find_cpuid(vcpu, 0, 0), "GenuineIntel");
}

bool nacre_guest_is_amd(const struct nacre_vcpu *vcpu)
{
	const struct nacre_cpuid_entry2 *basic = find_cpuid(vcpu, 0, 0);

	return vendor_is(basic, "AuthenticAMD") ||
	       vendor_is(basic, "HygonGenuine");
}

/*
 * Intel SDM, CPUID: above the highest leaf of its range the processor answers
 * as for the highest basic leaf. AMD's answers zero.
 */
static const struct nacre_cpuid_entry2 *
find_out_of_range(const struct nacre_vcpu *vcpu, u32 *function, u32 index)
{
	const struct nacre_cpuid_entry2 *basic = find_cpuid(vcpu, 0, 0);
	const struct nacre_cpuid_entry2 *range;

	if (!basic || nacre_guest_is_amd(vcpu))
		return NULL;
	range = find_cpuid(vcpu, range_base(*function), 0);
	if (range && *function <= range->eax)
		return NULL;
	*function = basic->eax;
	return find_cpuid(vcpu, *function, index);
}

/* Topology leaves count up: a subleaf that is absent echoes ECX and EDX. */
static void topology_tail(struct nacre_vcpu *vcpu, u32 function, u32 index,
			  struct nacre_cpuid_entry2 *out)
{
	const struct nacre_cpuid_entry2 *first;

	if (function != 0xb && function != 0x1f)
		return;
	first = find_cpuid(vcpu, function, 1);
	if (first) {
		out->ecx = index & 0xff;
		out->edx = first->edx;
	}
}

static void answer(struct nacre_vcpu *vcpu,
		   const struct nacre_cpuid_entry2 *entry)
{
	vcpu->arch.gpr[NACRE_RAX] = entry->eax;
	vcpu->arch.gpr[NACRE_RBX] = entry->ebx;
	vcpu->arch.gpr[NACRE_RCX] = entry->ecx;
	vcpu->arch.gpr[NACRE_RDX] = entry->edx;
}

/* By the guest's state, or of a leaf that is not there. */
static noinline void work_out(struct nacre_vcpu *vcpu, u32 function, u32 index,
			      const struct nacre_cpuid_entry2 *entry)
{
	struct nacre_cpuid_entry2 out = {};

	if (!entry)
		entry = find_out_of_range(vcpu, &function, index);
	if (entry) {
		out = *entry;
		apply_state(vcpu, &out);
	} else {
		topology_tail(vcpu, function, index, &out);
	}
	answer(vcpu, &out);
}

void nacre_execute_cpuid(struct nacre_vcpu *vcpu)
{
	u32 function = vcpu->arch.gpr[NACRE_RAX];
	u32 index = vcpu->arch.gpr[NACRE_RCX];
	const struct nacre_cpuid_entry2 *entry;

	entry = find(vcpu, function, index);
	if (likely(entry && !depends_on_state(function)))
		answer(vcpu, entry);
	else
		work_out(vcpu, function, index, entry);
}

/* CR4 bits that a guest may set whatever its CPUID says ... */
#define CR4_ALWAYS	(X86_CR4_VME | X86_CR4_PVI | X86_CR4_TSD | \
			 X86_CR4_DE | X86_CR4_PSE | X86_CR4_PAE | \
			 X86_CR4_MCE | X86_CR4_PGE | X86_CR4_PCE | \
			 X86_CR4_OSFXSR | X86_CR4_OSXMMEXCPT)

/* ... and those whose feature it may deny, or the host may lack. */
static const struct {
	u64 cr4;
	unsigned int feature;
} cr4_cpuid[] = {
	{ X86_CR4_OSXSAVE, X86_FEATURE_XSAVE },
	{ X86_CR4_PCIDE, X86_FEATURE_PCID },
	{ X86_CR4_FSGSBASE, X86_FEATURE_FSGSBASE },
	{ X86_CR4_SMEP, X86_FEATURE_SMEP },
	{ X86_CR4_SMAP, X86_FEATURE_SMAP },
	{ X86_CR4_UMIP, X86_FEATURE_UMIP },
	{ X86_CR4_PKE, X86_FEATURE_PKU },
	{ X86_CR4_LA57, X86_FEATURE_LA57 },
};

/* Before userspace has set a CPUID, no feature is denied. */
static u64 cr4_reserved(const struct nacre_vcpu *vcpu, bool is_set)
{
	u64 allowed = CR4_ALWAYS;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cr4_cpuid); i++) {
		if (nacre_host_has(cr4_cpuid[i].feature) &&
		    (!is_set ||
		     nacre_guest_has(vcpu, cr4_cpuid[i].feature)))
			allowed |= cr4_cpuid[i].cr4;
	}
	return ~allowed;
}

static u8 guest_maxphyaddr(const struct nacre_vcpu *vcpu)
{
	const struct nacre_cpuid_entry2 *leaf;
	u8 bits;

	leaf = find_cpuid(vcpu, 0x80000000, 0);
	if (!leaf || leaf->eax < 0x80000008)
		return DEFAULT_MAXPHYADDR;
	leaf = find_cpuid(vcpu, 0x80000008, 0);
	if (!leaf)
		return DEFAULT_MAXPHYADDR;
	/* The masks made of it want 1 to 52. */
	bits = leaf->eax & 0xff;
	return clamp_t(u8, bits, 12, 52);
}

/* No processor has fewer than 32 bits; guest_walk.c. */
static void set_maxphyaddr(struct nacre_guest_cpuid *cpuid, u8 bits)
{
	cpuid->maxphyaddr = bits;
	cpuid->reserved_gpa = GENMASK_ULL(51, 0) &
			      ~GENMASK_ULL(max_t(u8, bits, 32) - 1, 0);
}

static void update_from_cpuid(struct nacre_vcpu *vcpu)
{
	struct nacre_guest_cpuid *cpuid = &vcpu->arch.cpuid;
	const struct nacre_cpuid_entry2 *leaf;

	set_maxphyaddr(cpuid, guest_maxphyaddr(vcpu));
	/* A walk depends on it. */
	vcpu->arch.peek.way.page = NACRE_NO_WAY;
	cpuid->cr4_reserved = cr4_reserved(vcpu, true);
	cpuid->has_1g_pages = nacre_guest_has(vcpu, X86_FEATURE_GBPAGES);
	leaf = find_cpuid(vcpu, 0xd, 0);
	cpuid->xcr0_allowed = leaf ? leaf->eax | (u64)leaf->edx << 32 : 0;
	cpuid->xcr0_allowed &= nacre_host_xcr0();
	if (vcpu->arch.apic)
		nacre_lapic_of(vcpu)->lacks_deadline =
			!nacre_guest_has(vcpu, X86_FEATURE_TSC_DEADLINE_TIMER);
	backend(update_intercepts)(vcpu);
}

void nacre_cpuid_init(struct nacre_vcpu *vcpu)
{
	set_maxphyaddr(&vcpu->arch.cpuid, DEFAULT_MAXPHYADDR);
	vcpu->arch.cpuid.cr4_reserved = cr4_reserved(vcpu, false);
}

/* As the guest reads them, so that what NACRE_GET_CPUID2 told is the same. */
static bool same_cpuid(struct nacre_vcpu *vcpu,
		       const struct nacre_cpuid_entry2 *entries,
		       unsigned int count)
{
	struct nacre_cpuid_entry2 a, b;
	unsigned int i;

	if (vcpu->arch.cpuid.count != count)
		return false;
	for (i = 0; i < count; i++) {
		a = vcpu->arch.cpuid.entries[i];
		b = entries[i];
		apply_state(vcpu, &a);
		apply_state(vcpu, &b);
		if (memcmp(&a, &b, offsetof(typeof(a), padding)))
			return false;
	}
	return true;
}

/* Canonical addresses have 48 or 57 bits; 0 is for 48. */
static bool valid_entries(const struct nacre_cpuid_entry2 *entries,
			  unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		u8 linear_bits = entries[i].eax >> 8;

		if (entries[i].function == 0x80000008)
			return linear_bits == 0 || linear_bits == 48 ||
			       linear_bits == 57;
	}
	return true;
}

/* A guest that has run has built on what it saw. Takes @entries over. */
static long set_entries(struct nacre_vcpu *vcpu,
			struct nacre_cpuid_entry2 *entries, unsigned int count)
{
	struct nacre_guest_cpuid *cpuid = &vcpu->arch.cpuid;
	bool ok = vcpu->ran ? same_cpuid(vcpu, entries, count) :
			      valid_entries(entries, count);

	if (vcpu->ran || !ok) {
		kvfree(entries);
		return ok ? 0 : -EINVAL;
	}
	kvfree(cpuid->entries);
	cpuid->entries = entries;
	cpuid->count = count;
	index_entries(cpuid);
	update_from_cpuid(vcpu);
	return 0;
}

/*
 * And NACRE_SET_CPUID2. The older form has no subleaves: each entry stands for
 * all of them.
 */
long nacre_set_cpuid(struct nacre_vcpu *vcpu, struct nacre_ioctl_arg *arg)
{
	const struct nacre_cpuid_entry *in = arg->tail;
	struct nacre_cpuid_entry2 *entries;
	unsigned int i;

	entries = kvcalloc(arg->count, sizeof(*entries), GFP_KERNEL_ACCOUNT);
	if (!entries)
		return -ENOMEM;
	if (arg->cmd == NACRE_SET_CPUID2) {
		memcpy(entries, arg->tail,
		       array_size(sizeof(*entries), arg->count));
		return set_entries(vcpu, entries, arg->count);
	}
	for (i = 0; i < arg->count; i++) {
		entries[i].function = in[i].function;
		entries[i].eax = in[i].eax;
		entries[i].ebx = in[i].ebx;
		entries[i].ecx = in[i].ecx;
		entries[i].edx = in[i].edx;
	}
	return set_entries(vcpu, entries, arg->count);
}

long nacre_get_cpuid2(struct nacre_vcpu *vcpu, struct nacre_ioctl_arg *arg)
{
	const struct nacre_guest_cpuid *cpuid = &vcpu->arch.cpuid;
	struct nacre_cpuid_entry2 *out = arg->tail;
	unsigned int i;

	if (arg->count < cpuid->count)
		return -E2BIG;
	for (i = 0; i < cpuid->count; i++) {
		out[i] = cpuid->entries[i];
		apply_state(vcpu, &out[i]);
	}
	arg->count = cpuid->count;
	return 0;
}
