// SPDX-License-Identifier: GPL-2.0
/*
 * The lab's instrumentation of Bochs. Its files are open when Bochs starts, and
 * the environment says their numbers: lab/bochs/machine.
 *
 * An instruction is counted when it is begun, also when it ends in an exit or
 * a fault: then it is one of the guest's.
 */
#include "bochs.h"
#include "cpu/cpu.h"
#include "cpu/decoder/ia_opcodes.h"
#include "cpu/svm.h"
#include "memory/memory-bochs.h"

#include <time.h>

Bit8u lab_counted[BX_IA_LAST];

/* Outside of guests, and in them. */
static Bit64u counts[2][LAB_COUNTS];

static const char *const stream_names[LAB_STREAMS] = {
	"LAB_STATUS", "LAB_OUTPUT", "LAB_KMSG", "LAB_FILES_IN",
};

static FILE *streams[LAB_STREAMS];
static FILE *files_out;
static FILE *msrs;
static bool trace_msrs;
static bool started;

static const struct {
	Bit16u opcode;
	Bit8u counter;
} opcodes[] = {
	{ BX_IA_VMLAUNCH, LAB_COUNT_ENTRY },
	{ BX_IA_VMRESUME, LAB_COUNT_ENTRY },
	{ BX_IA_VMRUN, LAB_COUNT_ENTRY },
	{ BX_IA_VMREAD_EdGd, LAB_COUNT_VMREAD },
	{ BX_IA_VMREAD_EqGq, LAB_COUNT_VMREAD },
	{ BX_IA_VMWRITE_GdEd, LAB_COUNT_VMWRITE },
	{ BX_IA_VMWRITE_GqEq, LAB_COUNT_VMWRITE },
	{ BX_IA_VMPTRLD_Mq, LAB_COUNT_VMPTRLD },
	{ BX_IA_VMCLEAR_Mq, LAB_COUNT_VMPTRLD },
	{ BX_IA_VMLOAD, LAB_COUNT_VMLOAD },
	{ BX_IA_VMSAVE, LAB_COUNT_VMSAVE },
	{ BX_IA_STGI, LAB_COUNT_GIF },
	{ BX_IA_CLGI, LAB_COUNT_GIF },
	{ BX_IA_RDMSR, LAB_COUNT_RDMSR },
	{ BX_IA_WRMSR, LAB_COUNT_WRMSR },
	{ BX_IA_MOV_RdCR0, LAB_COUNT_CR_READ },
	{ BX_IA_MOV_RdCR2, LAB_COUNT_CR_READ },
	{ BX_IA_MOV_RdCR3, LAB_COUNT_CR_READ },
	{ BX_IA_MOV_RdCR4, LAB_COUNT_CR_READ },
	{ BX_IA_MOV_RqCR0, LAB_COUNT_CR_READ },
	{ BX_IA_MOV_RqCR2, LAB_COUNT_CR_READ },
	{ BX_IA_MOV_RqCR3, LAB_COUNT_CR_READ },
	{ BX_IA_MOV_RqCR4, LAB_COUNT_CR_READ },
	{ BX_IA_MOV_CR0Rd, LAB_COUNT_CR_WRITE },
	{ BX_IA_MOV_CR2Rd, LAB_COUNT_CR_WRITE },
	{ BX_IA_MOV_CR3Rd, LAB_COUNT_CR_WRITE },
	{ BX_IA_MOV_CR4Rd, LAB_COUNT_CR_WRITE },
	{ BX_IA_MOV_CR0Rq, LAB_COUNT_CR_WRITE },
	{ BX_IA_MOV_CR2Rq, LAB_COUNT_CR_WRITE },
	{ BX_IA_MOV_CR3Rq, LAB_COUNT_CR_WRITE },
	{ BX_IA_MOV_CR4Rq, LAB_COUNT_CR_WRITE },
	{ BX_IA_CLTS, LAB_COUNT_CR_WRITE },
	{ BX_IA_LMSW_Ew, LAB_COUNT_CR_WRITE },
	{ BX_IA_MOV_RdDd, LAB_COUNT_DR_READ },
	{ BX_IA_MOV_RqDq, LAB_COUNT_DR_READ },
	{ BX_IA_MOV_DdRd, LAB_COUNT_DR_WRITE },
	{ BX_IA_MOV_DqRq, LAB_COUNT_DR_WRITE },
	{ BX_IA_FXSAVE, LAB_COUNT_XSAVE },
	{ BX_IA_XSAVE, LAB_COUNT_XSAVE },
	{ BX_IA_XSAVEC, LAB_COUNT_XSAVE },
	{ BX_IA_XSAVEOPT, LAB_COUNT_XSAVE },
	{ BX_IA_XSAVES, LAB_COUNT_XSAVE },
	{ BX_IA_FXRSTOR, LAB_COUNT_XRSTOR },
	{ BX_IA_XRSTOR, LAB_COUNT_XRSTOR },
	{ BX_IA_XRSTORS, LAB_COUNT_XRSTOR },
	{ BX_IA_XSETBV, LAB_COUNT_XSETBV },
	{ BX_IA_INVLPG, LAB_COUNT_TLB },
	{ BX_IA_INVLPGA, LAB_COUNT_TLB },
	{ BX_IA_INVPCID, LAB_COUNT_TLB },
	{ BX_IA_INVEPT, LAB_COUNT_TLB },
	{ BX_IA_INVVPID, LAB_COUNT_TLB },
	{ BX_IA_XCHG_EbGb, LAB_COUNT_LOCKED },
	{ BX_IA_XCHG_EwGw, LAB_COUNT_LOCKED },
	{ BX_IA_XCHG_EdGd, LAB_COUNT_LOCKED },
	{ BX_IA_XCHG_EqGq, LAB_COUNT_LOCKED },
	{ BX_IA_CPUID, LAB_COUNT_CPUID },
	{ BX_IA_IN_ALDX, LAB_COUNT_IO },
	{ BX_IA_IN_AXDX, LAB_COUNT_IO },
	{ BX_IA_IN_EAXDX, LAB_COUNT_IO },
	{ BX_IA_IN_ALIb, LAB_COUNT_IO },
	{ BX_IA_IN_AXIb, LAB_COUNT_IO },
	{ BX_IA_IN_EAXIb, LAB_COUNT_IO },
	{ BX_IA_OUT_DXAL, LAB_COUNT_IO },
	{ BX_IA_OUT_DXAX, LAB_COUNT_IO },
	{ BX_IA_OUT_DXEAX, LAB_COUNT_IO },
	{ BX_IA_OUT_IbAL, LAB_COUNT_IO },
	{ BX_IA_OUT_IbAX, LAB_COUNT_IO },
	{ BX_IA_OUT_IbEAX, LAB_COUNT_IO },
};

static FILE *inherited(const char *variable, const char *mode)
{
	const char *number = getenv(variable);

	return number ? fdopen(atoi(number), mode) : NULL;
}

void lab_init(void)
{
	for (size_t i = 0; i < sizeof(opcodes) / sizeof(opcodes[0]); i++)
		lab_counted[opcodes[i].opcode] = opcodes[i].counter + 1;
	for (int i = 0; i < LAB_STREAMS; i++) {
		streams[i] = inherited(stream_names[i], "w");
		if (streams[i] && i != LAB_STREAM_FILES)
			setvbuf(streams[i], NULL, _IOLBF, 1 << 16);
	}
	files_out = inherited("LAB_FILES_OUT", "r");
	msrs = inherited("LAB_MSRS", "w");
}

void lab_exit(void)
{
	fflush(NULL);
}

/*
 * The machine starts once: what it does afterwards would happen in the memory
 * of the one before.
 */
void lab_reset(unsigned int cpu)
{
	if (cpu)
		return;
	if (started) {
		fprintf(stderr, "the machine resets\n");
		exit(0);
	}
	started = true;
}

/* AMD APM, TLB Control: a field of the VMCB asks for a flush. */
static bool vmrun_flushes(BX_CPU_C *cpu)
{
	bx_phy_address vmcb = cpu->gen_reg[0].rrx;
	Bit8u control = 0;

	BX_MEM(0)->readPhysicalPage(cpu, vmcb + SVM_CONTROL32_TLB_CONTROL, 1,
				    &control);
	return control != 0;
}

static bool in_guest(BX_CPU_C *cpu)
{
	return cpu->in_vmx_guest || cpu->in_svm_guest;
}

/* Intel SDM, Invalidation of TLBs: what bit 63 forbids. */
static bool writes_cr3(const bxInstruction_c *i, BX_CPU_C *cpu)
{
	Bit16u opcode = i->getIaOpcode();

	return opcode == BX_IA_MOV_CR3Rd ||
	       (opcode == BX_IA_MOV_CR3Rq &&
		!(cpu->gen_reg[i->src()].rrx >> 63));
}

void lab_count(unsigned int nr, const bxInstruction_c *i)
{
	BX_CPU_C *cpu = BX_CPU(nr);
	Bit64u *count = counts[in_guest(cpu)];
	int counter = lab_counted[i->getIaOpcode()] - 1;

	/* An exchange with memory is locked, said or not. */
	if (counter == LAB_COUNT_LOCKED) {
		count[LAB_COUNT_LOCKED] += !i->modC0();
		return;
	}
	if (i->getLock())
		count[LAB_COUNT_LOCKED]++;
	if (counter < 0)
		return;
	count[counter]++;
	if (writes_cr3(i, cpu) ||
	    (i->getIaOpcode() == BX_IA_VMRUN && vmrun_flushes(cpu)))
		count[LAB_COUNT_TLB]++;
	/* Bochs tells of VMX exits only: each VMRUN has one. */
	if (i->getIaOpcode() == BX_IA_VMRUN)
		count[LAB_COUNT_EXIT]++;
}

void lab_vm_exit(void)
{
	counts[0][LAB_COUNT_EXIT]++;
}

void lab_wrmsr(unsigned int nr, Bit32u msr, Bit64u value)
{
	BX_CPU_C *cpu = BX_CPU(nr);

	if (!trace_msrs || !msrs)
		return;
	fprintf(msrs, "%s cpu %u ring %u rip %016llx msr %08x value %016llx\n",
		in_guest(cpu) ? "guest" : "host", nr,
		cpu->sregs[BX_SEG_REG_CS].selector.rpl,
		(unsigned long long)cpu->prev_rip, msr,
		(unsigned long long)value);
}

static Bit64u answer_put(unsigned int stream, unsigned int bytes, Bit64u data)
{
	if (stream >= LAB_STREAMS || bytes > 8 || !streams[stream])
		return ~0ull;
	if (bytes)
		fwrite(&data, 1, bytes, streams[stream]);
	else
		fflush(streams[stream]);
	return bytes;
}

static Bit64u answer_get(unsigned int bytes, Bit64u *data)
{
	*data = 0;
	if (bytes > 8 || !files_out)
		return ~0ull;
	return fread(data, 1, bytes, files_out);
}

static Bit64u answer_count(unsigned int argument)
{
	unsigned int counter = argument & (LAB_ASK_GUEST - 1);

	if (counter >= LAB_COUNTS)
		return ~0ull;
	return counts[!!(argument & LAB_ASK_GUEST)][counter];
}

static Bit64u answer(unsigned int what, unsigned int argument, Bit64u *data)
{
	switch (what) {
	case LAB_ASK_PRESENT:
		return 1;
	case LAB_ASK_COUNT:
		return answer_count(argument);
	case LAB_ASK_TRACE_MSRS:
		trace_msrs = argument;
		return 0;
	case LAB_ASK_MARK:
		if (msrs)
			fprintf(msrs, "mark %llu\n", (unsigned long long)*data);
		return 0;
	case LAB_ASK_TIME:
		return time(NULL);
	case LAB_ASK_PUT:
		return answer_put(argument >> 8, argument & 0xff, *data);
	case LAB_ASK_GET:
		return answer_get(argument, data);
	case LAB_ASK_INSTRUCTIONS:
		return argument < BX_SMP_PROCESSORS ?
		       BX_CPU(argument)->get_icount() : ~0ull;
	default:
		return ~0ull;
	}
}

void lab_answer(unsigned int nr, Bit64u question)
{
	BX_CPU_C *cpu = BX_CPU(nr);
	Bit64u data = cpu->gen_reg[2].rrx;

	cpu->gen_reg[0].rrx = answer((question & ~LAB_ASK_MASK) >> 16,
				     question & 0xffff, &data);
	cpu->gen_reg[2].rrx = data;
}
