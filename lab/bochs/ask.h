/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How a program in one of the lab's Bochs machines speaks with the emulator:
 * a prefetch of an address that cannot be one. Anywhere else, on a processor
 * or in another emulator, that is a hint that does nothing; here the emulator
 * answers in the registers. It needs no privilege, costs one instruction, is
 * no exit in a guest, and is not among what is counted.
 *
 * Only Bochs' instrumentation and programs include this: no kernel types.
 */
#ifndef LAB_BOCHS_ASK_H
#define LAB_BOCHS_ASK_H

#define LAB_ASK_MAGIC	0x4e61637265000000ull
#define LAB_ASK_MASK	0xffffffffff000000ull

/* The low 24 bits: what is asked, and an argument of 16 bits. */
#define LAB_ASK(what, argument)	((what) << 16 | (argument))

enum lab_ask {
	/* Is this a machine of the lab? 1. */
	LAB_ASK_PRESENT		= 1,
	/* How often was the counter of this number; with LAB_ASK_GUEST in a
	 * guest, without outside of one. All processors together.
	 */
	LAB_ASK_COUNT		= 2,
	/* Write each WRMSR from now on to the run's log msrs (1), or not (0). */
	LAB_ASK_TRACE_MSRS	= 3,
	/* The data is a number that goes to that log. */
	LAB_ASK_MARK		= 4,
	/* Seconds since 1970 outside of the machine. */
	LAB_ASK_TIME		= 5,
	/* Put 1 to 8 bytes of data in a stream, the argument is stream << 8 |
	 * bytes; with no bytes all that was put goes out.
	 */
	LAB_ASK_PUT		= 6,
	/* Fetch so many bytes from the file server, waiting for them. */
	LAB_ASK_GET		= 7,
	/* Instructions that the processor of this number has done, a guest's
	 * and others; none while it halts. ~0: no such processor.
	 */
	LAB_ASK_INSTRUCTIONS	= 8,
};

#define LAB_ASK_GUEST	0x100

enum lab_stream {
	LAB_STREAM_STATUS,
	LAB_STREAM_OUTPUT,
	LAB_STREAM_KMSG,
	LAB_STREAM_FILES,
	LAB_STREAMS,
};

/* What an instruction count prices at 1, or at nothing. */
#define LAB_COUNTERS(X)						\
	X(ENTRY,	"VM entries")				\
	X(VMREAD,	"VMREAD")				\
	X(VMWRITE,	"VMWRITE")				\
	X(VMPTRLD,	"VMPTRLD, VMCLEAR")			\
	X(VMLOAD,	"VMLOAD")				\
	X(VMSAVE,	"VMSAVE")				\
	X(GIF,		"STGI, CLGI")				\
	X(RDMSR,	"RDMSR")				\
	X(WRMSR,	"WRMSR")				\
	X(CR_READ,	"CR reads")				\
	X(CR_WRITE,	"CR writes")				\
	X(DR_READ,	"DR reads")				\
	X(DR_WRITE,	"DR writes")				\
	X(XSAVE,	"XSAVE, FXSAVE")			\
	X(XRSTOR,	"XRSTOR, FXRSTOR")			\
	X(XSETBV,	"XSETBV")				\
	X(TLB,		"TLB flushes")				\
	X(LOCKED,	"locked instructions")			\
	X(CPUID,	"CPUID")				\
	X(IO,		"IN, OUT")				\
	X(EXIT,		"VM exits")

enum lab_counter {
#define LAB_COUNTER(name, text) LAB_COUNT_##name,
	LAB_COUNTERS(LAB_COUNTER)
#undef LAB_COUNTER
	LAB_COUNTS,
};

/* The answer, and data in both directions; ~0 where nobody answers. */
static inline unsigned long long
lab_ask(unsigned int what, unsigned int argument, unsigned long long *data)
{
	unsigned long long question, answer, value = data ? *data : 0;

	question = LAB_ASK_MAGIC | LAB_ASK(what, argument);
	answer = question;
	__asm__ volatile("prefetchnta (%0)"
			 : "+a"(answer), "+d"(value) : : "memory");
	if (data)
		*data = value;
	return answer == question ? ~0ull : answer;
}

#endif
