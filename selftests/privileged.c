// SPDX-License-Identifier: GPL-2.0
/*
 * Instructions that a guest does not have are #UD, and what is for the kernel
 * is #GP in user mode, whether or not the processor hands it to the module.
 */
#include "test.h"

#define CODE64 0x08		/* SEL_* of vm.h */
#define DATA 0x10
#define USER_DATA 0x23
#define USER_CODE 0x2b
/* INT3 through a gate that user mode may not use: #GP with this error. */
#define CAME_THROUGH (BP_VECTOR * 8 + 2)

static volatile u64 vector_seen, error_seen;
static ulong kernel_sp;

extern const char back_in_kernel[];

static void return_to_kernel(struct guest_regs *regs)
{
	vector_seen = regs->vector;
	error_seen = regs->error;
	if (regs->cs == USER_CODE) {
		regs->cs = CODE64;
		regs->ss = DATA;
		regs->sp = kernel_sp;
		regs->flags = RFLAGS_FIXED;
	}
	regs->ip = (ulong)back_in_kernel;
}

/* Runs what lies at @ip in user mode until it raises something. */
static __attribute__((noinline, noclone)) void in_user_mode(const void *ip)
{
	asm volatile("movq %%rsp, %0\n"
		     "pushq $0x23\n"
		     "pushq %%rsp\n"
		     "pushq $2\n"
		     "pushq $0x2b\n"
		     "pushq %1\n"
		     "iretq\n"
		     ".globl back_in_kernel\n"
		     "back_in_kernel:\n"
		     : "=m"(kernel_sp) : "r"(ip)
		     : "memory", "rax", "rcx", "rdx", "rbx", "cc");
}

/* Each is followed by INT3, which tells that it went through. */
#define SNIPPET(name, insn)						\
	extern const char name[];					\
	asm(".globl " #name "\n" #name ": " insn "\n int3\n")

SNIPPET(user_nop, "nop");
SNIPPET(user_hlt, "hlt");
SNIPPET(user_cli, "cli");
SNIPPET(user_out, "outb %al, $0x80");
SNIPPET(user_rdmsr, "rdmsr");
SNIPPET(user_wrmsr, "wrmsr");
SNIPPET(user_cr0, "movq %cr0, %rax");
SNIPPET(user_cr8, "movq %rax, %cr8");
SNIPPET(user_dr7, "movq %dr7, %rax");
SNIPPET(user_invd, "invd");
SNIPPET(user_wbinvd, "wbinvd");
SNIPPET(user_invlpg, "invlpg (%rsp)");
SNIPPET(user_lgdt, "lgdt (%rsp)");
SNIPPET(user_ltr, "ltr %ax");
SNIPPET(user_clts, "clts");
SNIPPET(user_cpuid, "cpuid");
SNIPPET(user_ud2, "ud2");

static const struct {
	const char *snippet;
	u32 vector, error;
} in_user[] = {
	{ user_nop, GP_VECTOR, CAME_THROUGH },
	{ user_cpuid, GP_VECTOR, CAME_THROUGH },
	{ user_hlt, GP_VECTOR, 0 },
	{ user_cli, GP_VECTOR, 0 },
	{ user_out, GP_VECTOR, 0 },
	{ user_rdmsr, GP_VECTOR, 0 },
	{ user_wrmsr, GP_VECTOR, 0 },
	{ user_cr0, GP_VECTOR, 0 },
	{ user_cr8, GP_VECTOR, 0 },
	{ user_dr7, GP_VECTOR, 0 },
	{ user_invlpg, GP_VECTOR, 0 },
	{ user_lgdt, GP_VECTOR, 0 },
	{ user_ltr, GP_VECTOR, 0 },
	{ user_clts, GP_VECTOR, 0 },
	{ user_ud2, UD_VECTOR, 0 },
};

static void catch_in_user_mode(void)
{
	guest_on(GP_VECTOR, return_to_kernel);
	guest_on(UD_VECTOR, return_to_kernel);
}

guest_entry void invalidates_in_user_mode(void)
{
	catch_in_user_mode();
	in_user_mode(user_invd);
	GUEST_ASSERT_EQ(vector_seen, GP_VECTOR);
	GUEST_ASSERT_EQ(error_seen, 0);
	in_user_mode(user_wbinvd);
	GUEST_ASSERT_EQ(vector_seen, GP_VECTOR);
	GUEST_ASSERT_EQ(error_seen, 0);
	guest_done();
}

guest_entry void tries_in_user_mode(void)
{
	catch_in_user_mode();
	for (u32 i = 0; i < sizeof(in_user) / sizeof(*in_user); i++) {
		vector_seen = NO_VECTOR;
		in_user_mode(in_user[i].snippet);
		guest_sync(i, vector_seen, error_seen);
	}
	guest_done();
}

#define CATCH(insn, ...)						\
	({								\
		asm volatile(GUEST_CATCH(insn) : : __VA_ARGS__		\
			     : "memory");				\
		guest_caught();						\
	})

/* Without the feature in CPUID, in the kernel. */
guest_entry void tries_absent(void)
{
	u64 page = 0x6000;

	GUEST_ASSERT_EQ(CATCH("vmrun", "a"(page)), UD_VECTOR);
	GUEST_ASSERT_EQ(CATCH("vmload", "a"(page)), UD_VECTOR);
	GUEST_ASSERT_EQ(CATCH("vmsave", "a"(page)), UD_VECTOR);
	GUEST_ASSERT_EQ(CATCH("invlpga", "a"(0), "c"(0)), UD_VECTOR);
	GUEST_ASSERT_EQ(CATCH("skinit", "a"(0)), UD_VECTOR);
	GUEST_ASSERT_EQ(CATCH("rsm", "a"(0)), UD_VECTOR);
	guest_done();
}

guest_entry void tries_gif(void)
{
	GUEST_ASSERT_EQ(CATCH("clgi", "a"(0)), UD_VECTOR);
	GUEST_ASSERT_EQ(CATCH("stgi", "a"(0)), UD_VECTOR);
	guest_done();
}

guest_entry void tries_xsetbv(void)
{
	GUEST_ASSERT_EQ(CATCH("xsetbv", "a"(1), "c"(0), "d"(0)), UD_VECTOR);
	guest_done();
}

guest_entry void tries_vmx(void)
{
	u64 page = 0x6000;

	GUEST_ASSERT_EQ(CATCH("vmxoff", "a"(0)), UD_VECTOR);
	GUEST_ASSERT_EQ(CATCH("vmxon %0", "m"(page)), UD_VECTOR);
	GUEST_ASSERT_EQ(CATCH("vmptrld %0", "m"(page)), UD_VECTOR);
	guest_done();
}
#undef CATCH

static void run_whole(const char *name)
{
	struct vcpu *vcpu = vcpu_with_guest(GUEST_64, name);

	run_to_done(vcpu);
	vm_free(vcpu->vm);
}

TEST(user_mode)
{
	struct vcpu *vcpu = vcpu_with_guest(GUEST_64, "tries_in_user_mode");

	for (u32 i = 0; i < sizeof(in_user) / sizeof(*in_user); i++) {
		run_to_sync(vcpu, i);
		EXPECT_EQ(in_user[i].vector, vcpu->uc.args[1])
			TH_LOG("snippet %u", i);
		EXPECT_EQ(in_user[i].error, vcpu->uc.args[2])
			TH_LOG("snippet %u", i);
	}
	run_to_done(vcpu);
	vm_free(vcpu->vm);
}

TEST(cache_in_user_mode)
{
	run_whole("invalidates_in_user_mode");
}

TEST(absent_instructions)
{
	run_whole("tries_absent");
}

TEST(absent_gif)
{
	run_whole("tries_gif");
}

TEST(xsetbv_without_osxsave)
{
	run_whole("tries_xsetbv");
}

TEST(absent_vmx)
{
	run_whole("tries_vmx");
}

TEST_HARNESS_MAIN
