/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The second stage of translation: guest-physical to host-physical. One
 * engine; EPT and NPT are two rows of bits (struct nacre_stage2_format).
 * Who holds its lock how, and what may change then: Documentation/locking.rst,
 * "Stage 2".
 */
#ifndef NACRE_STAGE2_H
#define NACRE_STAGE2_H

#include <linux/spinlock.h>

#include "module/types.h"

struct nacre_vm;
struct nacre_vcpu;
struct nacre_stage2_fault;

#define NACRE_STAGE2_MAX_LEVEL	5
#define NACRE_MAX_LEAF_LEVEL	3

/* Behind the last frame that any format can map. */
#define NACRE_STAGE2_ALL	(1ULL << 52)

/* The bits of a page-table format. Absent features are 0. */
struct nacre_stage2_format {
	u64 table;		/* set in an entry that points to a table */
	u64 leaf;		/* set in every leaf: memory type and the like */
	u64 present;		/* any of these set: the entry is live */
	u64 read;
	u64 write;
	u64 exec;		/* set to allow a fetch (EPT) ... */
	u64 noexec;		/* ... or to forbid it (NPT) */
	u64 huge;		/* a leaf above level 1 */
	u64 accessed;
	u64 dirty;
	u64 address;		/* frame of a 4 KiB entry, no other bits */
	u8 levels;		/* of the walk */
	u8 max_leaf_level;	/* 1: 4 KiB, 2: 2 MiB, 3: 1 GiB */
	bool small_exec;	/* no leaf above level 1 may be executed */
	bool logs;		/* processors log where they set the dirty bit */
};

/* Zeroed pages taken before the lock, as many as one fault can need. */
struct nacre_table_cache {
	unsigned int count;
	u64 *page[NACRE_STAGE2_MAX_LEVEL];
};

struct nacre_stage2 {
	const struct nacre_stage2_format *format;	/* create */
	rwlock_t lock;
	hpa_t root;		/* create */
	gfn_t gfns;		/* create; frames that a guest can address */
	atomic_long_t tables;	/* pages in use, the root included */
};

enum nacre_fault_result {
	NACRE_FAULT_FIXED,	/* mapped */
	NACRE_FAULT_SPURIOUS,	/* somebody else had mapped it */
	NACRE_FAULT_RETRY,	/* something moved; enter again and see */
	NACRE_FAULT_NO_SLOT,	/* to be emulated, as is ... */
	NACRE_FAULT_READ_ONLY,	/* ... a write to a read-only slot */
	NACRE_FAULT_ERROR,	/* vcpu->run_error says why */
};

/* At load: how wide the processor's addresses are. */
void nacre_stage2_setup(void);
int nacre_stage2_init(struct nacre_vm *vm);
void nacre_stage2_destroy(struct nacre_vm *vm);

/*
 * arch/x86/mmu/fault.c; inside a read section of the slots, which is left and
 * entered again if the page takes long to come: the caller keeps no slot.
 */
enum nacre_fault_result
nacre_stage2_fault(struct nacre_vcpu *vcpu,
		   const struct nacre_stage2_fault *fault);

/* The frame at which local APICs are at power-on. */
#define NACRE_APIC_GFN	0xfee00ull

/*
 * Map a page that is not the VMM's, where no slot is; at the APICs' frame only
 * if none of the VM's is elsewhere. Inside a read section of the slots.
 */
bool nacre_stage2_map_own(struct nacre_vcpu *vcpu, gfn_t gfn, u64 pfn);

int nacre_table_cache_fill(struct nacre_table_cache *cache, unsigned int count);
void nacre_table_cache_free(struct nacre_table_cache *cache);

/*
 * Take away whatever is mapped in [start, end) and flush. @may_yield: the
 * caller can sleep between pieces. Returns whether anything was mapped.
 */
bool nacre_stage2_zap(struct nacre_vm *vm, gfn_t start, gfn_t end,
		      bool may_yield);
/*
 * For the dirty log: from now on the first write by a leaf in [start, end) is
 * seen, by its fault or in the processor's log, and none is huge. Flushes.
 */
void nacre_stage2_protect_all(struct nacre_vm *vm, gfn_t start, gfn_t end);
/*
 * The same for the frames whose bits are set, counted from @gfn. The caller
 * flushes, if this returns true.
 */
bool nacre_stage2_protect(struct nacre_vm *vm, gfn_t gfn,
			  const unsigned long *bits, unsigned int words);
/* Was any of it accessed since last asked; with @clear, forget it. */
bool nacre_stage2_age(struct nacre_vm *vm, gfn_t start, gfn_t end, bool clear);

/* Make every vCPU drop its translations; returns when none can use them. */
void nacre_flush_remote_tlbs(struct nacre_vm *vm);

#endif /* NACRE_STAGE2_H */
