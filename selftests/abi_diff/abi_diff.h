/* SPDX-License-Identifier: GPL-2.0 */
/*
 * abi_diff: the same seeded ioctl calls on two modules, compared.
 *
 * Nacre and the kernel's own KVM cannot be loaded together, so each machine
 * records a trace and the traces are compared afterwards. That works only if
 * the calls do not depend on their results:
 *
 *  - Calls come in sequences. Each has its own random stream, made from the
 *    seed and its number, and starts with a fresh VM, so what one sequence
 *    leaves behind cannot reach the next.
 *  - Every user address and every descriptor number that a call can name is
 *    fixed (arena.c), so inputs are equal byte for byte.
 *  - A call that feeds on an earlier result (GET, change, SET) is allowed:
 *    if the results differed, that was reported, and the rest of the
 *    sequence is not compared.
 *
 * The trace holds results only. The comparison runs the generator again to
 * learn what was called.
 */
#ifndef ABI_DIFF_H
#define ABI_DIFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <nacre.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define PAGE 4096UL

/* values.c: the random stream, and what to draw from it. */
struct rng {
	uint64_t state;
};

uint64_t rng_next(struct rng *r);
uint64_t rng_below(struct rng *r, uint64_t n);
bool rng_chance(struct rng *r, unsigned int percent);
uint64_t rng_mix(uint64_t a, uint64_t b);
/* A value that tends to lie on somebody's limit. */
uint64_t rng_edge(struct rng *r);
#define rng_pick(r, a) ((a)[rng_below((r), ARRAY_SIZE(a))])

/* layout.c: what the bytes of a struct are called. */
struct leaf {
	const char *name;
	uint16_t off;
	uint16_t size;
	/* Why two correct kernels may differ here; NULL: they may not. */
	const char *varies;
};

struct layout {
	const char *name;
	uint32_t size;			/* the fixed part */
	uint16_t nr;
	uint16_t tail_nr;
	const struct leaf *leaf;
	const struct leaf *tail;	/* one element of the counted tail */
	uint16_t tail_size;
	const char *tail_name;
};

extern const struct layout lay_msr_list, lay_msrs, lay_cpuid, lay_cpuid2,
	lay_regs, lay_sregs, lay_sregs2, lay_fpu, lay_lapic, lay_events,
	lay_debugregs, lay_xsave, lay_xcrs, lay_mp_state, lay_region,
	lay_region2, lay_dirty_log, lay_clear_dirty, lay_irq_level,
	lay_irqchip, lay_ioapic, lay_pit, lay_pit2, lay_pit_config,
	lay_reinject, lay_zone, lay_routing, lay_irqfd, lay_ioeventfd,
	lay_clock, lay_msi,
	lay_enable_cap, lay_device, lay_attr, lay_msr_filter, lay_translation,
	lay_interrupt, lay_sigmask, lay_tpr, lay_vapic, lay_debug, lay_mce,
	lay_u64, lay_pmu_filter, lay_nested, lay_run, lay_words, lay_memattr,
	lay_memfd, lay_prefault, lay_onereg;

/* The leaf that holds a byte, or NULL; *element is its tail index or -1. */
const struct leaf *leaf_at(const struct layout *l, size_t off, long *element);
void leaf_name(const struct layout *l, size_t off, char *to, size_t room);
/* Where the field that holds a byte begins, and how long it is. */
void leaf_span(const struct layout *l, size_t off, size_t *from,
	       size_t *size);
const struct leaf *leaf_named(const struct layout *l, const char *name);
/* The same of a field that leaf_name() has named; not of a counted tail's. */
bool span_named(const struct layout *l, const char *name, size_t *from,
		size_t *size);
void mutate(struct rng *r, const struct layout *l, uint8_t *buf, size_t len);
/* Put a fixed value where the result may vary; see docs in layout.c. */
void normalise(const struct layout *l, uint8_t *buf, size_t len);
void normalise_events(struct nacre_vcpu_events *e);
void list_normalisations(FILE *to);

/* calls.c: every ioctl of the ABI that x86 has. */
enum fd_kind { FD_SYSTEM, FD_VM, FD_VCPU, FD_KINDS };
extern const char *const fd_names[FD_KINDS];
/* What a descriptor says to an ioctl that it does not know. */
int unknown_errno(enum fd_kind fd);

enum call_group {
	GROUP_SYSTEM = 1 << 0,
	GROUP_STATE = 1 << 1,	/* registers of a vCPU */
	GROUP_MEMORY = 1 << 2,
	GROUP_IRQ = 1 << 3,
	GROUP_TIME = 1 << 4,
	GROUP_RUN = 1 << 5,
	GROUP_RARE = 1 << 6,	/* Xen, Hyper-V, SEV, statistics, ... */
};

struct call;
struct seq;

struct ioctl_desc {
	const char *name;
	unsigned long cmd;
	const struct layout *layout;
	void (*make)(struct seq *s, struct call *c);
	uint8_t fds;		/* BIT(enum fd_kind) */
	uint8_t group;
	uint8_t weight;
	uint8_t flags;
};

#define CALL_PURE	(1 << 0)	/* changes nothing in the VM */
#define CALL_FD		(1 << 1)	/* success returns a descriptor */
#define CALL_VALUE	(1 << 2)	/* the argument is no pointer */
#define CALL_OUT	(1 << 3)	/* only the kernel writes the buffer */
#define CALL_RET_VARIES	(1 << 4)	/* a calibrated value is returned */

extern const struct ioctl_desc ioctl_descs[];
extern const size_t nr_ioctl_descs;
const struct ioctl_desc *desc_of(enum fd_kind fd, unsigned long cmd);
const struct ioctl_desc *desc_named(const char *name);
/* What its bytes are called, given what the buffer says. */
const struct layout *call_layout(const struct call *c);
/* The bytes that the kernel may touch, given the same. */
size_t call_room(const struct call *c);

/* sequence.c: the generator. */
enum place {
	AT_VALUE,	/* not a pointer */
	AT_BUF,		/* a writable buffer between guards */
	AT_ODD,		/* the same, one byte off */
	AT_EDGE,	/* ends exactly where the mapping ends */
	AT_CUT,		/* the mapping ends inside */
	AT_READONLY,
	AT_NULL,
	AT_HOLE,	/* nothing is mapped */
	AT_NONE,	/* PROT_NONE */
	AT_KERNEL,
	AT_NONCANON,
	NR_PLACES
};

extern const char *const place_names[NR_PLACES];

#define MAX_VCPUS	3
#define MAX_BUF		16384
/* More than any sequence has: a call's index is sequence * this + call. */
#define CALLS_PER_SEQ	128

struct run_input {
	uint8_t request_interrupt_window;
	uint8_t immediate_exit;
	uint64_t cr8;
	uint64_t valid_regs;
	uint64_t dirty_regs;
	uint64_t answer;	/* for a pending IN or MMIO read */
};

struct call {
	uint32_t number;	/* in its sequence */
	const struct ioctl_desc *desc;	/* NULL: no ioctl of the ABI */
	unsigned long cmd;
	enum fd_kind fd;
	uint8_t vcpu;
	enum place place;
	uint64_t value;
	uint32_t cut;		/* AT_CUT: bytes before the end */
	uint32_t len;		/* bytes of input */
	uint32_t room;		/* bytes that the kernel may write */
	int8_t keep;		/* the new descriptor is this vCPU; VM: 0 */
	bool feed;		/* input is what the call before returned */
	uint8_t mutations;
	uint64_t mutation_seed;
	struct run_input run;
	uint8_t buf[MAX_BUF];
};

enum seq_kind { SEQ_SWEEP, SEQ_SYSTEM, SEQ_STATE, SEQ_RUN, SEQ_VM, SEQ_MIX,
		NR_SEQ_KINDS };
extern const char *const seq_names[NR_SEQ_KINDS];

enum irq_mode { IRQ_NONE, IRQ_KERNEL, IRQ_SPLIT };
enum cpu_mode { MODE_REAL, MODE_FLAT32, MODE_PAGED32, MODE_LONG, NR_MODES };

struct seq {
	uint64_t seed;
	uint32_t number;
	uint32_t done;		/* calls handed out */
	uint32_t length;
	enum seq_kind kind;
	uint32_t groups;
	uint8_t setup;		/* step of the fixed beginning */
	uint8_t nr_vcpus;
	enum irq_mode irq;
	enum cpu_mode mode;
	bool memory, cpuid;
	const struct ioctl_desc *feed;
	struct rng rng;
};

/* An ioctl that nacre does not have yet, so that most sequences avoid it. */
void seq_avoid(unsigned long cmd, enum fd_kind fd);
/* The same for MSRs that are to be set, and for a capability to be enabled. */
void seq_avoid_msrs(uint64_t first, uint64_t last);
void seq_avoid_caps(uint64_t first, uint64_t last);
bool avoided_msr(uint32_t index);
bool avoided_cap(uint32_t cap);
/*
 * Success there and refusal here: what follows cannot be compared, so such a
 * call comes late in a sequence, or alone.
 */
bool seq_may_part(struct seq *s);
/*
 * NMIs, or vCPUs that wait in the kernel: in-tree KVM ends a wait for an NMI
 * that is masked, or that a vCPU which waits to be started does not take.
 */
bool seq_has_nmis(const struct seq *s);
/*
 * Between which rounds of a REP INS an event comes is nobody's promise: it is
 * in sequences that have none.
 */
bool seq_has_rep_ins(const struct seq *s);
uint64_t seq_avoided(void);	/* a digest of the above */
void seq_begin(struct seq *s, uint64_t seed, uint32_t number);
bool seq_next(struct seq *s, struct call *c);

/* setup.c: the calls each sequence starts with; templates of state. */
#define SETUP_STEPS 9
bool setup_next(struct seq *s, struct call *c);
void make_sregs(enum cpu_mode mode, unsigned int vcpu,
		struct nacre_sregs *to);
void make_regs(struct seq *s, struct nacre_regs *to);
size_t make_cpuid(struct rng *r, uint8_t *buf);

/* arena.c: fixed addresses and descriptors. */
#define BUF_PAGES	8UL
#define BUF_ADDR	0x200000001000UL	/* PROT_NONE on both sides */
#define READONLY_ADDR	0x200000100000UL	/* the same pages, read only */
#define HOLE_ADDR	0x200000200000UL
#define NONE_ADDR	0x200000300000UL
#define BITMAP_ADDR	0x200000400000UL	/* one page, then a hole */
#define RAM_ADDR	0x200010000000UL
#define RAM_SIZE	0x400000UL
#define ROM_ADDR	0x200020000000UL	/* guest memory, PROT_READ */
#define ROM_SIZE	0x10000UL
#define RUN_ADDR	0x200030000000UL	/* + vCPU << 16 */
#define GUEST_SIZE	0x10000UL	/* the slot each sequence starts with */

#define FD_DEV		100
#define FD_OF_VM	101
#define FD_OF_VCPU	102		/* + number */
#define FD_EVENTS	110
#define NR_EVENTS	4
#define FD_KEPT		200		/* and up */

void arena_create(void);
void arena_reset(void);
uint64_t arena_address(const struct call *c);
uint64_t arena_place(const struct call *c);
uint8_t *arena_data(uint64_t addr);	/* writable alias, or NULL */
bool arena_guards_intact(uint64_t addr, size_t room);
uint64_t arena_guest_hash(void);

/* guest.S: 64 KiB of guest memory; layout in the file. */
extern const uint8_t guest_image[], guest_image_end[];
#define GUEST_CODE16	0x1000
#define GUEST_CODE32	0x2000
#define GUEST_CODE64	0x3000
#define GUEST_PML4	0x4000
#define GUEST_PD32	0x7000
#define GUEST_DATA	0x8000
#define GUEST_STACK	0xa000
#define GUEST_GDT	0xb000
#define GUEST_IDT32	0xb400
#define GUEST_IDT64	0xb800
#define GUEST_SNIPPET	64		/* bytes each */
#define GUEST_SNIPPETS	32

/* exec.c: issue one call and say what came back. */
#define RESULT_GUARD	(1 << 0)	/* wrote outside the buffer */
#define RESULT_TIMEOUT	(1 << 1)	/* the run limit ended KVM_RUN */
#define RESULT_DIED	(1 << 2)	/* the process was killed by it */
#define RESULT_HUNG	(1 << 3)	/* did not come back */
#define RESULT_NO_ENTRY	(1 << 4)	/* FAIL_ENTRY: no registers */

struct result {
	int64_t ret;
	int err;
	uint32_t flags;
	uint32_t out_len;	/* how much of out[] counts */
	const struct layout *layout;
	uint8_t out[MAX_BUF];	/* normalised */
	uint8_t wrote[MAX_BUF];	/* which bytes changed */
};

void exec_begin(const char *dev);
void exec_sequence_begin(void);
void exec_sequence_end(void);
void exec_call(struct call *c, struct result *res);
/* The last call's bytes as the kernel got them. */
const uint8_t *exec_input(size_t *len);

/* trace.c: results as text. */
struct trace_writer;
struct trace_writer *trace_open(FILE *to);
void trace_sequence(struct trace_writer *w, uint32_t number);
void trace_result(struct trace_writer *w, const struct result *res);
void trace_close(struct trace_writer *w);

struct trace_row {
	int64_t ret;
	int err;
	uint32_t flags;
	uint64_t blob;		/* 0: nothing was written */
};

struct trace {
	char *module, *kernel, *vendor;
	uint64_t seed, calls, avoided;
	uint32_t jobs;
	struct trace_row *rows;
	size_t nr_rows;
	size_t *first_row;	/* by sequence; (size_t)-1: none */
	uint32_t *rows_of;
	uint32_t nr_seqs;
	struct blob_table *blobs;
};

struct trace *trace_load(const char *path);
void trace_free(struct trace *t);
const char *trace_blob(const struct trace *t, uint64_t hash);

/* A blob's bytes, each at its offset. */
struct blob_bytes {
	uint8_t byte[MAX_BUF], wrote[MAX_BUF];
};

void blob_expand(const char *blob, struct blob_bytes *to);

/* record.c, compare.c, known.c, selfcheck.c: the commands. */
struct options {
	uint64_t seed, calls;
	const char *dev, *known, *out, *kernel, *vendor, *module;
	long index;
	unsigned int jobs;
	bool verbose;
};

int cmd_record(const struct options *o);
int cmd_replay(const struct options *o);
/* How many CPUs this process may use. */
unsigned int cpus_given(void);
int cmd_compare(const struct options *o, const char *ours, const char *theirs);
int cmd_selfcheck(void);

struct difference {
	const struct call *call;
	const struct trace_row *ours, *theirs;
	char field[64];		/* the first that differs, or "" */
	size_t from, size;	/* its bytes */
	/* Its bytes, if it is a number and they were written. */
	bool numbers;
	uint64_t our_value, their_value;
	/* All that was written, or NULL. */
	const struct blob_bytes *our_bytes, *their_bytes;
	/* The exits that KVM's vCPU has made: bits, by reason. */
	uint64_t exits;
};

bool difference_msr(const struct difference *d, uint64_t *v);

struct known;
struct known *known_load(const char *path, const char *kernel,
			 const char *vendor);
void known_avoid(const struct known *k);
/* The row that allows this difference, or -1. */
int known_allows(struct known *k, const struct difference *d);
bool known_allows_rest(const struct known *k, int row);
/* The row that calls this ioctl unbuilt, or -1. */
int known_unbuilt(struct known *k, const struct call *c);
size_t known_rows(const struct known *k);
const char *known_text(const struct known *k, size_t row);
uint64_t known_hits(const struct known *k, size_t row);
void known_hit(struct known *k, int row);
void known_free(struct known *k);

/* describe.c */
void describe_call(const struct call *c, char *to, size_t room);
void describe_errno(int64_t ret, int err, char *to, size_t room);
void dump_bytes(FILE *to, const struct layout *l, const uint8_t *buf,
		size_t len, const uint8_t *only);

#endif
