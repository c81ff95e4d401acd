/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What guest code may use. A test's guest functions stand in the test's own
 * file; the same text is compiled for the host program, where it is the
 * 64-bit guest, and, if the file names GUEST_BITS, once more with
 * GUEST_BITS=32 (-m32) and GUEST_BITS=16 (-m16). Host code stands between
 * #ifndef GUEST_BITS and #endif.
 *
 * Guest code runs in a copy of the program's image at the same addresses,
 * without a C library: it calls nothing but what is declared here and the
 * mem*() functions of lib/string.c.
 */
#ifndef SELFTESTS_GUEST_H
#define SELFTESTS_GUEST_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef unsigned long ulong;

/* Marks an entry point: kept, never inlined, found by its name. */
#define guest_entry __attribute__((used, noinline))

/* Marks data that the host finds by its name (guest_var() in vm.h). */
#define guest_data __attribute__((used, aligned(8)))

/*
 * Calls from the guest to the host: a 32-bit OUT of a struct ucall's address
 * to UCALL_PORT. All guest addresses are below 4 GiB, linear is physical.
 */
#define UCALL_PORT 0x5ca1
#define UCALL_MAX_ARGS 6

enum ucall_cmd {
	UCALL_NONE,		/* the exit was no ucall */
	UCALL_SYNC,		/* args[0] is the stage, the rest the test's */
	UCALL_DONE,		/* the guest is through */
	UCALL_FAIL,		/* a GUEST_ASSERT: file, line, expr, values */
	UCALL_ABORT,		/* an exception that nobody handles */
};

struct ucall {
	u32 cmd;
	u32 line;
	u32 file;		/* guest addresses of strings */
	u32 expr;
	u32 nargs;
	u32 pad;
	u64 args[UCALL_MAX_ARGS] __attribute__((aligned(8)));
};

/*
 * guest_sync() - tell the host that @stage is reached, with @n values
 * guest_done() - tell the host that all is well; does not return
 */
void guest_sync_args(u32 stage, u32 n, const u64 *args);
void guest_done(void) __attribute__((noreturn));
void guest_fail(const char *file, u32 line, const char *expr, u32 n, u64 a,
		u64 b) __attribute__((noreturn));

#define guest_sync(stage, ...)						\
	do {								\
		const u64 _a[] = { 0, ##__VA_ARGS__ };			\
		guest_sync_args(stage, sizeof(_a) / sizeof(*_a) - 1,	\
				_a + 1);				\
	} while (0)

/* Assertions; the host prints file, line, expression and both values. */
#define GUEST_ASSERT(e)							\
	do {								\
		if (!(e))						\
			guest_fail(__FILE__, __LINE__, #e, 0, 0, 0);	\
	} while (0)

#define GUEST_ASSERT_OP(a, op, b)					\
	do {								\
		u64 _x = (u64)(a), _y = (u64)(b);			\
		if (!(_x op _y))					\
			guest_fail(__FILE__, __LINE__,			\
				   #a " " #op " " #b, 2, _x, _y);	\
	} while (0)

#define GUEST_ASSERT_EQ(a, b) GUEST_ASSERT_OP(a, ==, b)
#define GUEST_ASSERT_NE(a, b) GUEST_ASSERT_OP(a, !=, b)

/*
 * Exceptions, in 32- and 64-bit guests. A handler gets the interrupted
 * registers and may change them; without a handler an exception ends the test.
 */
struct guest_regs {
#if !defined(GUEST_BITS)
	ulong r15, r14, r13, r12, r11, r10, r9, r8;
#endif
	ulong di, si, bp, unused_sp, bx, dx, cx, ax;
	ulong vector, error, ip, cs, flags;
#if !defined(GUEST_BITS)
	ulong sp, ss;
#endif
};

typedef void (*guest_handler)(struct guest_regs *regs);

void guest_on(unsigned int vector, guest_handler handler);

/*
 * GUEST_CATCH() - asm text: if @insn raises an exception, go on behind it
 *
 * guest_caught() then says which vector it was, or NO_VECTOR; guest_error
 * holds its error code.
 */
#define NO_VECTOR 0x100

extern ulong guest_catch_ip;
extern volatile ulong guest_vector, guest_error;

#ifdef GUEST_BITS
#define GUEST_CATCH(insn) \
	"movl $99f, guest_catch_ip\n\t" insn "\n99:\n\t"
#else
#define GUEST_CATCH(insn) \
	"movq $99f, guest_catch_ip\n\t" insn "\n99:\n\t"
#endif

static inline unsigned int guest_caught(void)
{
	unsigned int vector = guest_vector;

	guest_catch_ip = 0;
	guest_vector = NO_VECTOR;
	return vector;
}

/* Vectors. */
#define DE_VECTOR 0
#define DB_VECTOR 1
#define NMI_VECTOR 2
#define BP_VECTOR 3
#define OF_VECTOR 4
#define UD_VECTOR 6
#define NM_VECTOR 7
#define DF_VECTOR 8
#define TS_VECTOR 10
#define NP_VECTOR 11
#define SS_VECTOR 12
#define GP_VECTOR 13
#define PF_VECTOR 14

/* Instructions. */
static inline void outb(u16 port, u8 v)
{
	asm volatile("outb %0, %1" : : "a"(v), "Nd"(port) : "memory");
}

static inline void outw(u16 port, u16 v)
{
	asm volatile("outw %0, %1" : : "a"(v), "Nd"(port) : "memory");
}

static inline void outl(u16 port, u32 v)
{
	asm volatile("outl %0, %1" : : "a"(v), "Nd"(port) : "memory");
}

/* A string of bytes; all of them are out behind it. */
static inline void guest_outsb(u16 port, const volatile u8 *from, u32 bytes)
{
	const volatile u8 *end = from + bytes;
	unsigned long count = bytes;

	asm volatile("rep outsb" : "+S"(from), "+c"(count) : "d"(port)
		     : "memory");
	GUEST_ASSERT_EQ(0, count);
	GUEST_ASSERT_EQ((unsigned long)end, (unsigned long)from);
}

static inline u8 inb(u16 port)
{
	u8 v;

	asm volatile("inb %1, %0" : "=a"(v) : "Nd"(port) : "memory");
	return v;
}

static inline u16 inw(u16 port)
{
	u16 v;

	asm volatile("inw %1, %0" : "=a"(v) : "Nd"(port) : "memory");
	return v;
}

static inline u32 inl(u16 port)
{
	u32 v;

	asm volatile("inl %1, %0" : "=a"(v) : "Nd"(port) : "memory");
	return v;
}

static inline void hlt(void)
{
	asm volatile("hlt" : : : "memory");
}

static inline void cli(void)
{
	asm volatile("cli" : : : "memory");
}

static inline void sti(void)
{
	asm volatile("sti" : : : "memory");
}

static inline void cpu_relax(void)
{
	asm volatile("pause" : : : "memory");
}

static inline u64 rdtsc(void)
{
	u32 lo, hi;

	asm volatile("rdtsc" : "=a"(lo), "=d"(hi));
	return (u64)hi << 32 | lo;
}

static inline void cpuid(u32 leaf, u32 index, u32 r[4])
{
	asm volatile("cpuid" : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]), "=d"(r[3])
		     : "a"(leaf), "c"(index) : "memory");
}

static inline void wrmsr(u32 msr, u64 v)
{
	asm volatile("wrmsr" : : "c"(msr), "a"((u32)v), "d"((u32)(v >> 32))
		     : "memory");
}

static inline u64 rdmsr(u32 msr)
{
	u32 lo, hi;

	asm volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr) : "memory");
	return (u64)hi << 32 | lo;
}

/* Return the vector that the instruction raised, or NO_VECTOR. */
static inline unsigned int rdmsr_catch(u32 msr, u64 *v)
{
	u32 lo = 0, hi = 0;

	asm volatile(GUEST_CATCH("rdmsr") : "+a"(lo), "+d"(hi) : "c"(msr)
		     : "memory");
	*v = (u64)hi << 32 | lo;
	return guest_caught();
}

static inline unsigned int wrmsr_catch(u32 msr, u64 v)
{
	asm volatile(GUEST_CATCH("wrmsr")
		     : : "a"((u32)v), "d"((u32)(v >> 32)), "c"(msr)
		     : "memory");
	return guest_caught();
}

#define DEFINE_REG_ACCESS(reg)						\
static inline ulong read_##reg(void)					\
{									\
	ulong v;							\
									\
	asm volatile("mov %%" #reg ", %0" : "=r"(v) : : "memory");	\
	return v;							\
}									\
static inline void write_##reg(ulong v)					\
{									\
	asm volatile("mov %0, %%" #reg : : "r"(v) : "memory");		\
}

DEFINE_REG_ACCESS(cr0)
DEFINE_REG_ACCESS(cr2)
DEFINE_REG_ACCESS(cr3)
DEFINE_REG_ACCESS(cr4)
DEFINE_REG_ACCESS(dr0)
DEFINE_REG_ACCESS(dr1)
DEFINE_REG_ACCESS(dr2)
DEFINE_REG_ACCESS(dr3)
DEFINE_REG_ACCESS(dr6)
DEFINE_REG_ACCESS(dr7)

#define DEFINE_SEG_READ(seg)						\
static inline u16 read_##seg(void)					\
{									\
	u16 v;								\
									\
	asm volatile("mov %%" #seg ", %0" : "=rm"(v));			\
	return v;							\
}

DEFINE_SEG_READ(cs)
DEFINE_SEG_READ(ds)
DEFINE_SEG_READ(es)
DEFINE_SEG_READ(fs)
DEFINE_SEG_READ(gs)
DEFINE_SEG_READ(ss)

struct desc_ptr {
	u16 limit;
	ulong base;
} __attribute__((packed));

static inline struct desc_ptr sgdt(void)
{
	struct desc_ptr p;

	asm volatile("sgdt %0" : "=m"(p));
	return p;
}

static inline struct desc_ptr sidt(void)
{
	struct desc_ptr p;

	asm volatile("sidt %0" : "=m"(p));
	return p;
}

static inline u16 str_tr(void)
{
	u16 v;

	asm volatile("str %0" : "=rm"(v));
	return v;
}

static inline u16 sldt(void)
{
	u16 v;

	asm volatile("sldt %0" : "=rm"(v));
	return v;
}

/* Bits. */
#define X86_CR0_PE (1u << 0)
#define X86_CR0_MP (1u << 1)
#define X86_CR0_EM (1u << 2)
#define X86_CR0_TS (1u << 3)
#define X86_CR0_ET (1u << 4)
#define X86_CR0_NE (1u << 5)
#define X86_CR0_WP (1u << 16)
#define X86_CR0_AM (1u << 18)
#define X86_CR0_NW (1u << 29)
#define X86_CR0_CD (1u << 30)
#define X86_CR0_PG (1u << 31)

#define X86_CR4_PSE (1u << 4)
#define X86_CR4_PAE (1u << 5)
#define X86_CR4_MCE (1u << 6)
#define X86_CR4_PGE (1u << 7)
#define X86_CR4_OSFXSR (1u << 9)
#define X86_CR4_OSXMMEXCPT (1u << 10)
#define X86_CR4_OSXSAVE (1u << 18)

#define EFER_SCE (1u << 0)
#define EFER_LME (1u << 8)
#define EFER_LMA (1u << 10)
#define EFER_NX (1u << 11)

#define MSR_TSC 0x10
#define MSR_APIC_BASE 0x1b
#define MSR_SYSENTER_CS 0x174
#define MSR_SYSENTER_ESP 0x175
#define MSR_SYSENTER_EIP 0x176
#define MSR_PAT 0x277
#define MSR_EFER 0xc0000080
#define MSR_STAR 0xc0000081
#define MSR_LSTAR 0xc0000082
#define MSR_CSTAR 0xc0000083
#define MSR_SYSCALL_MASK 0xc0000084
#define MSR_FS_BASE 0xc0000100
#define MSR_GS_BASE 0xc0000101
#define MSR_KERNEL_GS_BASE 0xc0000102
#define MSR_TSC_AUX 0xc0000103

#define RFLAGS_FIXED (1u << 1)
#define RFLAGS_TF (1u << 8)
#define RFLAGS_IF (1u << 9)
#define RFLAGS_DF (1u << 10)

#endif
