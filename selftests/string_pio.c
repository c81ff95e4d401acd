// SPDX-License-Identifier: GPL-2.0
/* INS and OUTS, single and repeated: what is transferred, and registers. */
#include "test.h"

#define PORT 0x55
#define BUFFER_SIZE 8192


#define STRING_IO(insn, c, s, d)					\
	asm volatile(insn : "+c"(c), "+S"(s), "+D"(d) : "d"(PORT)	\
		     : "memory", "cc")

static void report(ulong c, ulong s, ulong d)
{
	guest_sync(1, c, s, d);
}

#define DEFINE_GUEST(name, insn)					\
guest_entry void name(ulong count, ulong source, ulong destination)	\
{									\
	STRING_IO(insn, count, source, destination);			\
	report(count, source, destination);				\
	guest_done();							\
}

/* In 16-bit code the address-size prefix makes ESI, EDI and ECX count. */
#if defined(GUEST_BITS) && GUEST_BITS == 16
#define A32 "addr32 "
#else
#define A32 ""
#endif

DEFINE_GUEST(outs_1, A32 "outsb")
DEFINE_GUEST(outs_2, A32 "outsw")
DEFINE_GUEST(outs_4, A32 "outsl")
DEFINE_GUEST(ins_1, A32 "insb")
DEFINE_GUEST(ins_4, A32 "insl")
DEFINE_GUEST(rep_outs_1, A32 "rep outsb")
DEFINE_GUEST(rep_outs_2, A32 "rep outsw")
DEFINE_GUEST(rep_outs_4, A32 "rep outsl")
DEFINE_GUEST(rep_ins_1, A32 "rep insb")
DEFINE_GUEST(rep_ins_2, A32 "rep insw")
DEFINE_GUEST(rep_ins_4, A32 "rep insl")
DEFINE_GUEST(backward_outs, "std\n" A32 "rep outsb\n cld")
DEFINE_GUEST(backward_ins, "std\n" A32 "rep insb\n cld")

#ifndef GUEST_BITS
/* Registers in the guest when a page of the buffer is missing. */
guest_entry void faulting_ins(ulong count, ulong source, ulong destination)
{
	asm volatile(GUEST_CATCH("rep insb")
		     : "+c"(count), "+S"(source), "+D"(destination)
		     : "d"(PORT) : "memory");
	GUEST_ASSERT_EQ(guest_caught(), PF_VECTOR);
	GUEST_ASSERT_EQ(guest_error, 2);
	guest_sync(1, count, destination, read_cr2());
	guest_done();
}

FIXTURE(string) {
	struct vcpu *vcpu;
	u64 gpa;
	u8 *data;
	u8 *seen;
};

FIXTURE_VARIANT(string) {
	enum guest_mode mode;
};

FIXTURE_VARIANT_ADD(string, real) { .mode = GUEST_16 };
FIXTURE_VARIANT_ADD(string, protected) { .mode = GUEST_32 };
FIXTURE_VARIANT_ADD(string, long) { .mode = GUEST_64 };

/* Below 64 KiB for real mode: between the TSS and the stack's last page. */
#define LOW_BUFFER 0x4000ull

FIXTURE_SETUP(string)
{
	self->vcpu = vcpu_new(vm_new(), 0);
	self->gpa = LOW_BUFFER;
	self->data = gpa_to_hva(self->vcpu->vm, self->gpa, BUFFER_SIZE);
	self->seen = calloc(1, BUFFER_SIZE);
	for (u32 i = 0; i < BUFFER_SIZE; i++)
		self->data[i] = i * 13 + (i >> 8);
}

FIXTURE_TEARDOWN(string)
{
	vm_free(self->vcpu->vm);
}

static void start(struct vcpu *vcpu, enum guest_mode mode, const char *name,
		  u64 count, u64 gpa)
{
	vcpu_setup(vcpu, mode, name);
	vcpu_args(vcpu, 3, count, gpa, gpa);
}

/*
 * Serves IO exits of @size until the guest tells its registers; each exit may
 * carry any number of elements that fits a page. OUT data is appended to
 * @seen, IN data counts up. Returns the bytes transferred.
 */
static u64 serve(struct vcpu *vcpu, u8 direction, u8 size, u8 *seen)
{
	struct nacre_run *r = vcpu->run;
	u64 done = 0;

	while (run_ucall(vcpu) == UCALL_NONE) {
		u64 bytes = (u64)r->io.size * r->io.count;
		u8 *data = (u8 *)r + r->io.data_offset;

		if (r->exit_reason != NACRE_EXIT_IO || r->io.port != PORT)
			die("string IO expected, exit is %s", exit_text(vcpu));
		CHECK(r->io.direction == direction && r->io.size == size);
		CHECK(r->io.count >= 1 && bytes <= PAGE_SIZE);
		CHECK(done + bytes <= BUFFER_SIZE);
		for (u64 i = 0; i < bytes; i++, done++) {
			if (direction == NACRE_EXIT_IO_OUT)
				seen[done] = data[i];
			else
				data[i] = seen[done] = done * 5 + 3;
		}
	}
	CHECK(vcpu->uc.cmd == UCALL_SYNC);
	return done;
}

static void check_out(struct vcpu *vcpu, enum guest_mode mode,
		      const char *name, u8 size, u64 count, u64 gpa, u8 *data,
		      u8 *seen)
{
	start(vcpu, mode, name, count, gpa);
	CHECK(serve(vcpu, NACRE_EXIT_IO_OUT, size, seen) == count * size);
	CHECK(memcmp(data, seen, count * size) == 0);
	CHECK(vcpu->uc.args[1] == 0);
	CHECK(vcpu->uc.args[2] == gpa + count * size);
	CHECK(vcpu->uc.args[3] == gpa);
	run_to_done(vcpu);
}

static void check_in(struct vcpu *vcpu, enum guest_mode mode,
		     const char *name, u8 size, u64 count, u64 gpa, u8 *data,
		     u8 *seen)
{
	start(vcpu, mode, name, count, gpa);
	CHECK(serve(vcpu, NACRE_EXIT_IO_IN, size, seen) == count * size);
	CHECK(memcmp(data, seen, count * size) == 0);
	CHECK(vcpu->uc.args[1] == 0);
	CHECK(vcpu->uc.args[2] == gpa);
	CHECK(vcpu->uc.args[3] == gpa + count * size);
	run_to_done(vcpu);
}

#define OUT(name, size, count, at)					\
	check_out(self->vcpu, variant->mode, name, size, count,		\
		  self->gpa + (at), self->data + (at), self->seen)
#define IN(name, size, count, at)					\
	check_in(self->vcpu, variant->mode, name, size, count,		\
		 self->gpa + (at), self->data + (at), self->seen)

/* Without REP the count register is left alone. */
TEST_F(string, single)
{
	static const struct {
		const char *name;
		u8 direction, size;
	} one[] = {
		{ "outs_1", NACRE_EXIT_IO_OUT, 1 },
		{ "outs_2", NACRE_EXIT_IO_OUT, 2 },
		{ "outs_4", NACRE_EXIT_IO_OUT, 4 },
		{ "ins_1", NACRE_EXIT_IO_IN, 1 },
		{ "ins_4", NACRE_EXIT_IO_IN, 4 },
	};

	for (size_t i = 0; i < sizeof(one) / sizeof(*one); i++) {
		bool out = one[i].direction == NACRE_EXIT_IO_OUT;

		start(self->vcpu, variant->mode, one[i].name, 7, self->gpa);
		ASSERT_EQ(one[i].size, serve(self->vcpu, one[i].direction,
					     one[i].size, self->seen));
		EXPECT_EQ(0, memcmp(self->data, self->seen, one[i].size));
		EXPECT_EQ(7, self->vcpu->uc.args[1]);
		EXPECT_EQ(self->gpa + (out ? one[i].size : 0),
			  self->vcpu->uc.args[2]);
		EXPECT_EQ(self->gpa + (out ? 0 : one[i].size),
			  self->vcpu->uc.args[3]);
		run_to_done(self->vcpu);
	}
}

TEST_F(string, repeated_out)
{
	OUT("rep_outs_1", 1, 30, 0);
	OUT("rep_outs_2", 2, 30, 1);
	OUT("rep_outs_4", 4, 30, 8);
}

TEST_F(string, repeated_in)
{
	IN("rep_ins_1", 1, 100, 0);
	IN("rep_ins_2", 2, 100, 2);
	IN("rep_ins_4", 4, 100, 3);
}

/* Across the end of a page, with an element on the border, and over a page. */
TEST_F(string, over_pages)
{
	OUT("rep_outs_1", 1, 40, PAGE_SIZE - 20);
	OUT("rep_outs_4", 4, 20, PAGE_SIZE - 42);
	IN("rep_ins_1", 1, PAGE_SIZE + 100, 50);
	IN("rep_ins_4", 4, 20, PAGE_SIZE - 42);
}

TEST_F(string, count_of_zero)
{
	OUT("rep_outs_1", 1, 0, 0);
	IN("rep_ins_4", 4, 0, 0);
}

TEST_F(string, backward_out)
{
	u64 n = 20, last = self->gpa + n - 1;

	start(self->vcpu, variant->mode, "backward_outs", n, last);
	ASSERT_EQ(n, serve(self->vcpu, NACRE_EXIT_IO_OUT, 1, self->seen));
	for (u64 i = 0; i < n; i++)
		EXPECT_EQ(self->data[n - 1 - i], self->seen[i]);
	EXPECT_EQ(0, self->vcpu->uc.args[1]);
	EXPECT_EQ(self->gpa - 1, self->vcpu->uc.args[2]);
	run_to_done(self->vcpu);
}

TEST_F(string, backward_in)
{
	u64 n = 20, last = self->gpa + n - 1;

	start(self->vcpu, variant->mode, "backward_ins", n, last);
	ASSERT_EQ(n, serve(self->vcpu, NACRE_EXIT_IO_IN, 1, self->seen));
	for (u64 i = 0; i < n; i++)
		EXPECT_EQ(self->data[n - 1 - i], self->seen[i]);
	EXPECT_EQ(self->gpa - 1, self->vcpu->uc.args[3]);
	run_to_done(self->vcpu);
}

#define PAGE_GVA 0x40000000ull

/* What came before the fault is in memory, and the registers say how much. */
TEST(fault_in_the_middle)
{
	struct vcpu *vcpu = vcpu_with_guest(GUEST_64, "faulting_ins");
	u64 gpa = vm_alloc(vcpu->vm, PAGE_SIZE);
	u8 *page = gpa_to_hva(vcpu->vm, gpa, PAGE_SIZE);
	u8 *seen = calloc(1, BUFFER_SIZE);
	u64 start_at = PAGE_GVA + PAGE_SIZE - 16;

	vm_map(vcpu->vm, PAGE_GVA, gpa, PTE_WRITE);
	*vm_pte(vcpu->vm, PAGE_GVA + PAGE_SIZE) = 0;
	vcpu_args(vcpu, 3, 32ull, 0ull, start_at);
	EXPECT_LE(16, serve(vcpu, NACRE_EXIT_IO_IN, 1, seen));
	EXPECT_EQ(16, vcpu->uc.args[1]);
	EXPECT_EQ(PAGE_GVA + PAGE_SIZE, vcpu->uc.args[2]);
	EXPECT_EQ(PAGE_GVA + PAGE_SIZE, vcpu->uc.args[3]);
	EXPECT_EQ(0, memcmp(page + PAGE_SIZE - 16, seen, 16));
	run_to_done(vcpu);
}

TEST_HARNESS_MAIN
#endif
