// SPDX-License-Identifier: GPL-2.0
/*
 * The stage-2 engine: tables, taking mappings away, ages, and making all vCPUs
 * of a VM forget what they know of it. Mapping is done in fault.c.
 */
#include <linux/cpumask.h>
#include <linux/pagemap.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/swap.h>

#include "module/vcpu.h"
#include "arch/x86/backend.h"
#include "arch/x86/mmu/stage2.h"
#include "arch/x86/mmu/tables.h"

/* Tables that wait for one flush. */
#define ZAP_BATCH		32
/* Entries to look at before it is time to ask whether somebody waits. */
#define ZAP_PATIENCE		1024

struct zap {
	struct nacre_vm *vm;
	struct nacre_stage2 *stage2;
	const struct nacre_stage2_format *format;
	gfn_t start, end;
	gfn_t next;			/* everything below is done */
	bool may_yield;
	bool keep_small;		/* 4 KiB leaves stay, for the dirty log */
	bool found;
	bool unflushed;
	unsigned int work;		/* entries since the lock was taken */
	unsigned int nr_tables;
	unsigned int leaves[NACRE_STAGE2_MAX_LEVEL];	/* that went, by level */
	u64 *table[ZAP_BATCH];
};

/* Callers hold a spinlock: nothing can be allocated. */
static DEFINE_PER_CPU(struct cpumask, flush_cpus);

static void left_the_guest(void *unused)
{
	/* That the interrupt was taken is the answer. */
}

void nacre_flush_remote_tlbs(struct nacre_vm *vm)
{
	struct nacre_vcpu *vcpu;
	struct cpumask *cpus;
	unsigned long index;
	int me, cpu;

	atomic64_inc(&vm->stats.remote_tlb_flush_requests);
	me = get_cpu();
	cpus = this_cpu_ptr(&flush_cpus);
	cpumask_clear(cpus);
	nacre_for_each_vcpu(index, vcpu, vm) {
		nacre_set_request(vcpu, NACRE_REQ_TLB_FLUSH);
		/*
		 * The request, and the entries changed before it, are visible
		 * before the mode is read. Pairs with the barrier between
		 * mode and requests in nacre_arch_loop().
		 */
		smp_mb__after_atomic();
		/*
		 * Can it use an old translation? One that is on its way out for
		 * somebody else may still be in the guest.
		 */
		if (cmpxchg(&vcpu->mode, NACRE_IN_GUEST, NACRE_EXITING_GUEST) ==
		    NACRE_OUTSIDE_GUEST)
			continue;
		cpu = READ_ONCE(vcpu->cpu);
		if (cpu >= 0 && cpu != me)
			__cpumask_set_cpu(cpu, cpus);
	}
	if (!cpumask_empty(cpus)) {
		atomic64_inc(&vm->stats.remote_tlb_flush);
		smp_call_function_many(cpus, left_the_guest, NULL, true);
	}
	put_cpu();
}

int nacre_table_cache_fill(struct nacre_table_cache *cache, unsigned int count)
{
	u64 *page;

	while (cache->count < min_t(unsigned int, count,
				    NACRE_STAGE2_MAX_LEVEL)) {
		page = (u64 *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
		if (!page)
			return -ENOMEM;
		cache->page[cache->count++] = page;
	}
	return 0;
}

void nacre_table_cache_free(struct nacre_table_cache *cache)
{
	while (cache->count)
		free_page((unsigned long)cache->page[--cache->count]);
}

static void flush_and_free(struct zap *zap)
{
	u8 level;

	if (zap->unflushed)
		nacre_flush_remote_tlbs(zap->vm);
	zap->unflushed = false;
	atomic_long_sub(zap->nr_tables, &zap->stage2->tables);
	for (level = 1; level <= NACRE_MAX_LEAF_LEVEL; level++) {
		atomic64_sub(zap->leaves[level],
			     nacre_stage2_leaves(zap->stage2, level));
		zap->leaves[level] = 0;
	}
	while (zap->nr_tables)
		free_page((unsigned long)zap->table[--zap->nr_tables]);
}

/*
 * The host looks for what a process did to a page in its own page tables
 * only, so what the guest did is noted on the page. The notifier has not
 * returned yet, so the page is still the VMM's.
 */
static void note_use(const struct nacre_stage2_format *format, u64 leaf,
		     u8 level)
{
	struct page *page = pfn_to_page(nacre_leaf_pfn(format, leaf, level));

	if (PageReserved(page))
		return;
	/* Without a dirty bit, whatever could be written was. */
	if (leaf & (format->dirty ?: format->write))
		SetPageDirty(page);
	if (leaf & format->accessed)
		mark_page_accessed(page);
}

/*
 * The next write is to be seen: where the processor logs it, when it sets the
 * dirty bit anew; else the bit stays for whoever takes the leaf.
 */
static bool watch_writes(const struct nacre_stage2_format *format, u64 *entry)
{
	u64 bit = format->logs ? format->dirty : format->write;
	u64 old = READ_ONCE(*entry);

	if (!(old & bit))
		return false;
	if (format->logs)
		note_use(format, old & ~format->accessed, 1);
	clear_bit(__ffs(bit), (unsigned long *)entry);
	return true;
}

static void zap_leaf(struct zap *zap, u64 *entry, u8 level)
{
	if (zap->keep_small && level == 1) {
		zap->unflushed |= watch_writes(zap->format, entry);
		return;
	}
	note_use(zap->format, xchg(entry, 0), level);
	zap->leaves[level]++;
	zap->found = true;
	zap->unflushed = true;
}

static bool is_empty(const struct nacre_stage2_format *format, u64 *table)
{
	unsigned int i;

	for (i = 0; i < TABLE_ENTRIES; i++)
		if (nacre_is_live(format, READ_ONCE(table[i])))
			return false;
	return true;
}

/* A table whose whole span was asked for goes, if nothing came back. */
static void zap_child(struct zap *zap, u64 *entry, gfn_t gfn, u8 level)
{
	u64 *child = nacre_child(zap->format, READ_ONCE(*entry));

	if (zap->keep_small || gfn < zap->start ||
	    gfn + nacre_level_pages(level) > zap->end ||
	    !is_empty(zap->format, child))
		return;
	xchg(entry, 0);
	zap->unflushed = true;
	zap->table[zap->nr_tables++] = child;
	if (zap->nr_tables == ZAP_BATCH)
		flush_and_free(zap);
}

/* From zap->next to the end of @table; false: let go of the lock first. */
static bool zap_table(struct zap *zap, u64 *table, gfn_t base, u8 level)
{
	gfn_t end = min(zap->end, base + nacre_level_pages(level + 1));

	while (zap->next < end) {
		gfn_t gfn = nacre_level_base(zap->next, level);
		u64 *entry = nacre_entry(table, gfn, level);
		u64 old = READ_ONCE(*entry);

		zap->work++;
		if (!nacre_is_live(zap->format, old)) {
			;
		} else if (nacre_is_leaf(zap->format, old, level)) {
			zap_leaf(zap, entry, level);
		} else {
			if (!zap_table(zap, nacre_child(zap->format, old), gfn,
				       level - 1))
				return false;
			zap_child(zap, entry, gfn, level);
		}
		zap->next = gfn + nacre_level_pages(level);
		/* At the end the parent has still to see whether this goes. */
		if (level > 1 && zap->next < end &&
		    zap->may_yield && zap->work >= ZAP_PATIENCE &&
		    (need_resched() || rwlock_is_contended(&zap->stage2->lock)))
			return false;
	}
	return true;
}

static bool run_zap(struct nacre_vm *vm, gfn_t start, gfn_t end,
		    bool may_yield, bool keep_small)
{
	struct nacre_stage2 *stage2 = &vm->arch.stage2;
	struct zap zap = {
		.vm = vm,
		.stage2 = stage2,
		.format = stage2->format,
		.start = start,
		.end = end,
		.next = start,
		.may_yield = may_yield,
		.keep_small = keep_small,
	};

	write_lock(&stage2->lock);
	while (!zap_table(&zap, __va(stage2->root), 0, zap.format->levels)) {
		/* Whoever takes it next may rely on what it finds absent. */
		flush_and_free(&zap);
		write_unlock(&stage2->lock);
		cond_resched();
		write_lock(&stage2->lock);
		zap.work = 0;
	}
	flush_and_free(&zap);
	write_unlock(&stage2->lock);
	return zap.found;
}

bool nacre_stage2_zap(struct nacre_vm *vm, gfn_t start, gfn_t end,
		      bool may_yield)
{
	return run_zap(vm, start, end, may_yield, false);
}

void nacre_stage2_protect_all(struct nacre_vm *vm, gfn_t start, gfn_t end)
{
	run_zap(vm, start, end, true, true);
}

/* A table of 4 KiB leaves and where it begins, while frames go by in order. */
struct cursor {
	const struct nacre_stage2 *stage2;
	gfn_t base;
	u64 *table;		/* NULL: none at base */
	gfn_t huge, huge_end;	/* what has to be zapped */
};

static void find_table(struct cursor *cursor, gfn_t gfn)
{
	const struct nacre_stage2_format *format = cursor->stage2->format;
	u8 level;
	u64 *entry = nacre_lowest_entry(cursor->stage2, gfn, &level);
	u64 old = READ_ONCE(*entry);

	cursor->base = nacre_level_base(gfn, 2);
	cursor->table = level == 1 ? PTR_ALIGN_DOWN(entry, PAGE_SIZE) : NULL;
	if (level > 1 && nacre_is_live(format, old) &&
	    nacre_is_leaf(format, old, level)) {
		cursor->huge = min(cursor->huge, gfn);
		cursor->huge_end = gfn + 1;
	}
}

bool nacre_stage2_protect(struct nacre_vm *vm, gfn_t gfn,
			  const unsigned long *bits, unsigned int words)
{
	struct nacre_stage2 *stage2 = &vm->arch.stage2;
	struct cursor cursor = {
		.stage2 = stage2,
		.base = NACRE_STAGE2_ALL,
		.huge = NACRE_STAGE2_ALL,
	};
	bool changed = false;
	unsigned long bit;

	/* For reading: nothing goes, and each bit is taken atomically. */
	read_lock(&stage2->lock);
	for_each_set_bit(bit, bits, words * BITS_PER_LONG) {
		if (cursor.base != nacre_level_base(gfn + bit, 2))
			find_table(&cursor, gfn + bit);
		if (cursor.table)
			changed |= watch_writes(stage2->format,
						nacre_entry(cursor.table,
							    gfn + bit, 1));
	}
	read_unlock(&stage2->lock);
	if (cursor.huge < cursor.huge_end)
		nacre_stage2_zap(vm, cursor.huge, cursor.huge_end, true);
	return changed;
}

/* The bit is the processors' too, so it is taken with a locked operation. */
static bool age_leaf(const struct nacre_stage2_format *format, u64 *entry,
		     bool clear)
{
	if (!(READ_ONCE(*entry) & format->accessed))
		return false;
	if (clear)
		clear_bit(__ffs(format->accessed), (unsigned long *)entry);
	return true;
}

static bool age_table(const struct nacre_stage2_format *format, u64 *table,
		      u8 level, gfn_t start, gfn_t end, bool clear)
{
	gfn_t gfn, next;
	bool young = false;

	for (gfn = start; gfn < end; gfn = next) {
		u64 *entry = nacre_entry(table, gfn, level);
		u64 old = READ_ONCE(*entry);

		next = min(end, nacre_level_base(gfn, level) +
				nacre_level_pages(level));
		if (!nacre_is_live(format, old))
			continue;
		if (nacre_is_leaf(format, old, level))
			young |= age_leaf(format, entry, clear);
		else
			young |= age_table(format, nacre_child(format, old),
					   level - 1, gfn, next, clear);
	}
	return young;
}

bool nacre_stage2_age(struct nacre_vm *vm, gfn_t start, gfn_t end, bool clear)
{
	struct nacre_stage2 *stage2 = &vm->arch.stage2;
	bool young;

	/* No bit to look at: the next fault is the sign of use. */
	if (!stage2->format->accessed)
		return clear && nacre_stage2_zap(vm, start, end, false);
	read_lock(&stage2->lock);
	young = age_table(stage2->format, __va(stage2->root),
			  stage2->format->levels, start, end, clear);
	read_unlock(&stage2->lock);
	return young;
}

/* The engine's own bit is not one of the format's. */
static bool format_is_sane(const struct nacre_stage2_format *format)
{
	u64 bits = format->table | format->leaf | format->present |
		   format->read | format->write | format->exec |
		   format->noexec | format->huge | format->accessed |
		   format->dirty | format->address;

	return !(bits & NACRE_LEAF_HOST_WRITE) &&
	       format->levels <= NACRE_STAGE2_MAX_LEVEL;
}

static unsigned int physical_bits;

/* As the processor says it, not the kernel, which may keep bits for itself. */
void nacre_stage2_setup(void)
{
	physical_bits = boot_cpu_data.extended_cpuid_level >= 0x80000008 ?
			cpuid_eax(0x80000008) & 0xff :
			boot_cpu_data.x86_phys_bits;
}

int nacre_stage2_init(struct nacre_vm *vm)
{
	struct nacre_stage2 *stage2 = &vm->arch.stage2;
	const struct nacre_stage2_format *format;
	void *root;

	format = nacre_backend()->stage2_format();
	if (WARN_ON_ONCE(!format_is_sane(format)))
		return -EIO;
	root = (void *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	if (!root)
		return -ENOMEM;
	rwlock_init(&stage2->lock);
	stage2->format = format;
	stage2->root = __pa(root);
	stage2->gfns = 1ULL << min_t(unsigned int, 9 * format->levels,
				     physical_bits - PAGE_SHIFT);
	atomic_long_set(&stage2->tables, 1);
	return 0;
}

/* No vCPU is left; leaves went when the notifier was detached. */
void nacre_stage2_destroy(struct nacre_vm *vm)
{
	struct nacre_stage2 *stage2 = &vm->arch.stage2;

	nacre_stage2_zap(vm, 0, NACRE_STAGE2_ALL, true);
	free_page((unsigned long)__va(stage2->root));
	WARN_ON_ONCE(atomic_long_dec_return(&stage2->tables));
}
