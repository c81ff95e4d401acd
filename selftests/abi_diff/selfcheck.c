// SPDX-License-Identifier: GPL-2.0
/*
 * The comparison's own test: made-up traces of real calls, each doctored in
 * one way, and what has to be said about it. Needs no hypervisor.
 */
#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "abi_diff.h"

#define SEED 7
#define CALLS 12000

struct doctored {
	const char *about;
	const char *known;	/* the table */
	const char *call;	/* the first of these is doctored ... */
	const char *ours, *theirs; /* ... to this; NULL: it loses its row */
	const char *later;	/* so is the call after it, on our side */
	int status;
	const char *said;	/* in the output, or NULL */
};

static const char header[] =
	"H module made-up\nH kernel 6.1\nH vendor amd\nH seed 7\n"
	"H calls 12000\nH jobs 1\n";

/* The 32 bytes of a vCPU's interrupt_bitmap, all written. */
#define LONG_FIELD(digest, two)	"0 0 0 " digest "=,280:" two	\
	"000000000000000000000000000000000000000000000000000000000000"

#define UNBUILT "vcpu\tGET_LAPIC\t*\tunbuilt\t*\tnot built\n"

static const struct doctored cases[] = {
	{ "equal traces pass", "", "GET_REGS", "0 0 0", "0 0 0", NULL, 0,
	  "0 not listed" },
	{ "an errno that differs fails", "", "GET_REGS", "-1 22 0", "0 0 0",
	  NULL, 1, "vcpu GET_REGS: kvm 0, nacre EINVAL" },
	{ "a return value that differs fails", "", "SET_MSRS", "1 0 0",
	  "2 0 0", NULL, 1, "vcpu SET_MSRS: kvm 2, nacre 1" },
	{ "a byte that differs fails, with the field's name", "", "GET_SREGS",
	  "0 0 0 a1=,0:00ff00", "0 0 0 a2=,0:00fe00", NULL, 1,
	  "differ in cs.base" },
	{ "a byte written on one side only fails", "", "GET_REGS",
	  "0 0 0 a3=,8:11", "0 0 0", NULL, 1, "differ in rbx" },
	{ "a byte of a tail has its entry's name", "", "GET_SUPPORTED_CPUID",
	  "0 0 0 a4=,60:01", "0 0 0 a5=,60:02", NULL, 1,
	  "differ in entries[].eax" },
	{ "a missing row fails", "", "GET_REGS", NULL, "0 0 0", NULL, 1,
	  "not ok 1" },
	{ "a write outside the buffer fails though KVM does the same", "",
	  "GET_REGS", "0 0 1", "0 0 1", NULL, 1, "not ok 4" },
	{ "a listed errno passes",
	  "vcpu\tGET_REGS\t*\tret:0>EINVAL\t*\tfor a reason\n", "GET_REGS",
	  "-1 22 0", "0 0 0", NULL, 0, "1 listed" },
	{ "another errno than the listed one fails",
	  "vcpu\tGET_REGS\t*\tret:0>EINVAL\t*\tfor a reason\n", "GET_REGS",
	  "-1 14 0", "0 0 0", NULL, 1, "kvm 0, nacre EFAULT" },
	{ "a row for another kernel allows nothing",
	  "vcpu\tGET_REGS\t*\tret:0>EINVAL\t6.12\tfor a reason\n", "GET_REGS",
	  "-1 22 0", "0 0 0", NULL, 1, "kvm 0, nacre EINVAL" },
	{ "a row for another vendor allows nothing",
	  "vcpu\tGET_REGS\t*\tret:0>EINVAL\t6.1+intel\tfor a reason\n",
	  "GET_REGS", "-1 22 0", "0 0 0", NULL, 1, "kvm 0, nacre EINVAL" },
	{ "a row for this vendor and kernel allows it",
	  "vcpu\tGET_REGS\t*\tret:0>EINVAL\t6.1+amd\tfor a reason\n",
	  "GET_REGS", "-1 22 0", "0 0 0", NULL, 0, "1 listed" },
	{ "a row whose condition does not hold allows nothing",
	  "vm\tCREATE_VCPU\targ=77\tret:0>EINVAL\t*\tfor a reason\n",
	  "CREATE_VCPU", "-1 22 0", "0 0 0", NULL, 1, "nacre EINVAL" },
	{ "a row whose condition holds allows it",
	  "vm\tCREATE_VCPU\targ=0-3\tret:0>EINVAL\t*\tfor a reason\n",
	  "CREATE_VCPU", "-1 22 0", "0 0 0", NULL, 0, "1 listed" },
	{ "a listed field passes",
	  "vcpu\tGET_SREGS\t*\tout:cs.\t*\tfor a reason\n", "GET_SREGS",
	  "0 0 0 a1=,0:00ff00", "0 0 0 a2=,0:00fe00", NULL, 0, "1 listed" },
	{ "another field than the listed one fails",
	  "vcpu\tGET_SREGS\t*\tout:ds.\t*\tfor a reason\n", "GET_SREGS",
	  "0 0 0 a1=,0:00ff00", "0 0 0 a2=,0:00fe00", NULL, 1, "cs.base" },
	{ "another field behind the listed one fails",
	  "vcpu\tGET_SREGS\t*\tout:cs.base\t*\tfor a reason\n",
	  "GET_SREGS", "0 0 0 a1=,0:00ff000000000000,8:01",
	  "0 0 0 a2=,0:00fe000000000000,8:02", NULL, 1, "differ in cs.limit" },
	{ "a row can name KVM's value",
	  "vcpu\tGET_SREGS\tkvm=0xfe00\tout:cs.base\t*\tfor a reason\n",
	  "GET_SREGS", "0 0 0 a1=,0:00ff000000000000",
	  "0 0 0 a2=,0:00fe000000000000", NULL, 0, "1 listed" },
	{ "what the call left as it was is part of the value",
	  "vcpu\tGET_SREGS\tkvm=0xfea5\tout:cs.base\t*\tfor a reason\n",
	  "GET_SREGS", "0 0 0 a1=,1:ff000000000000",
	  "0 0 0 a2=,1:fe000000000000", NULL, 0, "1 listed" },
	{ "another value than the named one fails",
	  "vcpu\tGET_SREGS\tkvm=0xfe01\tout:cs.base\t*\tfor a reason\n",
	  "GET_SREGS", "0 0 0 a1=,0:00ff000000000000",
	  "0 0 0 a2=,0:00fe000000000000", NULL, 1, "differ in cs.base" },
	{ "an MSR that is listed as absent passes",
	  "vcpu\t*\tmsr=0-0xffffffff\tabsent\t*\tfor a reason\n", "SET_MSRS",
	  "0 0 0", "1 0 0", NULL, 0, "1 listed" },
	{ "another MSR fails",
	  "vcpu\t*\tmsr=0x2000-0x3000\tabsent\t*\tfor a reason\n",
	  "SET_MSRS", "0 0 0", "1 0 0", NULL, 1, "kvm 1, nacre 0" },
	{ "an absent MSR that nacre takes and KVM does not fails",
	  "vcpu\t*\tmsr=0-0xffffffff\tabsent\t*\tfor a reason\n", "SET_MSRS",
	  "1 0 0", "0 0 0", NULL, 1, "kvm 0, nacre 1" },
	{ "an errno where an MSR is listed as absent fails",
	  "vcpu\t*\tmsr=0-0xffffffff\tabsent\t*\tfor a reason\n", "SET_MSRS",
	  "-1 14 0", "1 0 0", NULL, 1, "kvm 1, nacre EFAULT" },
	{ "a row can name bits that are lost",
	  "vcpu\tGET_SREGS\tlost=0xff00\tout:cs.base\t*\tfor a reason\n",
	  "GET_SREGS", "0 0 0 a1=,0:0010000000000000",
	  "0 0 0 a2=,0:00fe000000000000", NULL, 1, "differ in cs.base" },
	{ "bits that are lost pass",
	  "vcpu\tGET_SREGS\tlost=0xee00\tout:cs.base\t*\tfor a reason\n",
	  "GET_SREGS", "0 0 0 a1=,0:0010000000000000",
	  "0 0 0 a2=,0:00fe000000000000", NULL, 0, "1 listed" },
	{ "bits that a long field lost pass",
	  "vcpu\tGET_SREGS\tlost=*\tout:interrupt_bitmap\t*\tfor a reason\n",
	  "GET_SREGS", LONG_FIELD("a1", "0240"), LONG_FIELD("a2", "0342"),
	  NULL, 0, "1 listed" },
	{ "a bit that a long field gained fails",
	  "vcpu\tGET_SREGS\tlost=*\tout:interrupt_bitmap\t*\tfor a reason\n",
	  "GET_SREGS", LONG_FIELD("a1", "0340"), LONG_FIELD("a2", "0242"),
	  NULL, 1, "differ in interrupt_bitmap" },
	{ "a row can name a part of a field",
	  "vcpu\tGET_SREGS\tkvm&0xff00=0xfe00\tout:cs.base\t*\tfor a reason\n",
	  "GET_SREGS", "0 0 0 a1=,0:01ff000000000000",
	  "0 0 0 a2=,0:02fe000000000000", NULL, 0, "1 listed" },
	{ "another value of the part fails",
	  "vcpu\tGET_SREGS\tkvm&0xff00=0xfe\tout:cs.base\t*\tfor a reason\n",
	  "GET_SREGS", "0 0 0 a1=,0:01ff000000000000",
	  "0 0 0 a2=,0:fefe000000000000", NULL, 1, "differ in cs.base" },
	{ "an MSR that is absent for that value passes",
	  "vcpu\t*\tmsrdata&0=0\tabsent\t*\tfor a reason\n", "SET_MSRS",
	  "0 0 0", "1 0 0", NULL, 0, "1 listed" },
	{ "one that is absent for another value fails",
	  "vcpu\t*\tmsrdata&0=1\tabsent\t*\tfor a reason\n", "SET_MSRS",
	  "0 0 0", "1 0 0", NULL, 1, "kvm 1, nacre 0" },
	{ "a row for after an exit that was not made allows nothing",
	  "vcpu\tGET_SREGS\tran&0x100=0x100\tout:cs.base\t*\tfor a reason\n",
	  "GET_SREGS", "0 0 0 a1=,0:00ff000000000000",
	  "0 0 0 a2=,0:00fe000000000000", NULL, 1, "differ in cs.base" },
	{ "a row for before that exit allows it",
	  "vcpu\tGET_SREGS\tran&0x100=0\tout:cs.base\t*\tfor a reason\n",
	  "GET_SREGS", "0 0 0 a1=,0:00ff000000000000",
	  "0 0 0 a2=,0:00fe000000000000", NULL, 0, "1 listed" },
	{ "a row can name another field of KVM's answer",
	  "vcpu\tGET_SREGS\tkvm.cs.limit=7\tout:cs.base\t*\tfor a reason\n",
	  "GET_SREGS", "0 0 0 a1=,0:001000000000000007000000",
	  "0 0 0 a2=,0:00fe00000000000007000000", NULL, 0, "1 listed" },
	{ "another value there fails",
	  "vcpu\tGET_SREGS\tkvm.cs.limit=6\tout:cs.base\t*\tfor a reason\n",
	  "GET_SREGS", "0 0 0 a1=,0:001000000000000007000000",
	  "0 0 0 a2=,0:00fe00000000000007000000", NULL, 1,
	  "differ in cs.base" },
	{ "a vCPU that waits where KVM's is to come again passes",
	  "vcpu\tRUN\t*\twaits\t*\tfor a reason\n", "RUN", "-1 4 2",
	  "-1 11 0", NULL, 0, "1 listed" },
	{ "one that waits where KVM's is refused fails",
	  "vcpu\tRUN\t*\twaits\t*\tfor a reason\n", "RUN", "-1 4 2",
	  "-1 22 0", NULL, 1, "kvm EINVAL, nacre EINTR" },
	{ "unbuilt and refused as unknown passes", UNBUILT, "GET_LAPIC",
	  "-1 22 0", "0 0 0", NULL, 0, NULL },
	{ "unbuilt and refused with another errno fails", UNBUILT,
	  "GET_LAPIC", "-1 14 0", "-1 14 0", NULL, 1, "not ok 3" },
	{ "unbuilt and answered fails", UNBUILT, "GET_LAPIC", "0 0 0",
	  "0 0 0", NULL, 1, "not ok 3" },
	{ "what follows a run limit on both sides is not compared", "", "RUN",
	  "-1 4 2 a6=,0:01", "-1 4 2 a7=,0:02", "-1 99 0", 0, NULL },
	{ "a run limit on one side fails", "", "RUN", "-1 4 2", "0 0 0", NULL,
	  1, "nacre EINTR (run limit)" },
	{ "only the first difference of a sequence is reported", "",
	  "SET_SREGS", "-1 22 0", "0 0 0", "-1 99 0", 1, "1 not listed" },
};

/* Sequence and number of the call to doctor: not the last, not fed. */
static void find(const struct doctored *d, uint32_t *seq, uint32_t *number)
{
	static struct call c;
	struct seq s;
	uint64_t n = 0;

	for (*seq = 0; n < CALLS; (*seq)++) {
		seq_begin(&s, SEED, *seq);
		memset(&c, 0, sizeof(c));
		while (seq_next(&s, &c))
			if (c.desc && !strcmp(c.desc->name, d->call) &&
			    !c.feed && c.number + 1 < s.length) {
				*number = c.number;
				return;
			}
		n += s.length;
	}
	errx(1, "no %s among the calls", d->call);
}

/* On our side an unbuilt ioctl is refused wherever it comes. */
static const char *usual(const struct doctored *d, const struct call *c,
			 bool ours)
{
	if (ours && *d->known && strstr(d->known, "unbuilt") && c->desc &&
	    c->fd == FD_VCPU && strstr(d->known, c->desc->name))
		return "-1 22 0";
	return "0 0 0";
}

static void write_trace(const char *path, const struct doctored *d, bool ours)
{
	FILE *to = fopen(path, "w");
	static struct call c;
	uint32_t seq, number;
	struct seq s;
	uint64_t n = 0;

	if (!to)
		err(1, "%s", path);
	find(d, &seq, &number);
	fprintf(to, "%sH avoided %llx\n", header,
		(unsigned long long)seq_avoided());
	for (uint32_t k = 0; n < CALLS; n += s.length, k++) {
		seq_begin(&s, SEED, k);
		memset(&c, 0, sizeof(c));
		fprintf(to, "S %u\n", k);
		while (seq_next(&s, &c)) {
			const char *row = usual(d, &c, ours);

			if (k == seq && c.number == number)
				row = ours ? d->ours : d->theirs;
			else if (k == seq && c.number == number + 1 && ours &&
				 d->later)
				row = d->later;
			if (row)
				fprintf(to, "%s\n", row);
		}
	}
	fclose(to);
}

static void write_text(const char *path, const char *text)
{
	FILE *to = fopen(path, "w");

	if (!to || fputs(text, to) < 0 || fclose(to))
		err(1, "%s", path);
}

static bool said(const char *path, const char *what)
{
	static char text[1 << 20];
	FILE *from = fopen(path, "r");
	size_t n = from ? fread(text, 1, sizeof(text) - 1, from) : 0;

	text[n] = 0;
	if (from)
		fclose(from);
	return !what || strstr(text, what);
}

/* In a child: the table of avoided ioctls is filled once per process. */
static int run_case(const struct doctored *d, const char *dir)
{
	struct options o = { .known = "known", .kernel = "6.1" };
	struct known *k;

	if (chdir(dir) || !freopen("out", "w", stdout))
		err(1, "%s", dir);
	write_text("known", d->known);
	k = known_load("known", "6.1", "amd");
	known_avoid(k);
	known_free(k);
	write_trace("ours", d, true);
	write_trace("theirs", d, false);
	return cmd_compare(&o, "ours", "theirs");
}

static bool check(const struct doctored *d, const char *dir)
{
	char out[64];
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (!pid)
		exit(run_case(d, dir));
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		err(1, "fork");
	snprintf(out, sizeof(out), "%s/out", dir);
	if (WIFEXITED(status) && WEXITSTATUS(status) == d->status &&
	    said(out, d->said))
		return true;
	printf("# status %#x, wanted exit %d and \"%s\" in:\n", status,
	       d->status, d->said ? d->said : "");
	fflush(stdout);
	return false;
}

static void remove_dir(const char *dir)
{
	static const char *const names[] = { "known", "ours", "theirs",
					     "out" };

	for (size_t i = 0; !chdir(dir) && i < ARRAY_SIZE(names); i++)
		unlink(names[i]);
	rmdir(dir);
}

int cmd_selfcheck(void)
{
	char dir[] = "/tmp/abi_diff.XXXXXX";
	int failed = 0;
	bool ok;

	if (!mkdtemp(dir))
		err(1, "%s", dir);
	printf("TAP version 13\n1..%zu\n", ARRAY_SIZE(cases));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		ok = check(&cases[i], dir);
		failed += !ok;
		printf("%sok %zu - %s\n", ok ? "" : "not ", i + 1,
		       cases[i].about);
	}
	remove_dir(dir);
	return failed ? 1 : 0;
}
