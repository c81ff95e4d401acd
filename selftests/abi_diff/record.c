// SPDX-License-Identifier: GPL-2.0
/*
 * Record a trace. The sequences are dealt out to one process per processor;
 * the parent watches them: one that a call killed or that hangs is noted in
 * the trace, and another goes on with the next sequence.
 */
#include <err.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "abi_diff.h"
#include "../lib/nth_cpu.h"

#define MAX_JOBS 16
#define HANG_POLLS 300		/* of 100 ms */
#define DEAD_POLLS 100

/* What a worker tells its parent. */
struct progress {
	volatile uint32_t seq, call;
	volatile uint64_t beat;
};

struct job {
	pid_t pid;
	FILE *out;
	uint32_t next;		/* first sequence not handed out */
	uint64_t beat;		/* as last seen */
	unsigned int still;	/* polls without a new one */
	bool done;
};

static struct progress *progress;
static struct job jobs[MAX_JOBS];
static struct call call;
static struct result result;

static uint32_t sequences_for(uint64_t seed, uint64_t calls)
{
	struct seq s;
	uint64_t n = 0;
	uint32_t k = 0;

	while (n < calls) {
		seq_begin(&s, seed, k++);
		n += s.length;
	}
	return k;
}

unsigned int cpus_given(void)
{
	cpu_set_t given;

	sched_getaffinity(0, sizeof(given), &given);
	return CPU_COUNT(&given);
}

/* To one of the CPUs that this process may use. */
static void pin(unsigned int n)
{
	cpu_set_t given, set;

	sched_getaffinity(0, sizeof(given), &given);
	set = nth_cpu(&given, n);
	sched_setaffinity(0, sizeof(set), &set);
}

static void one_sequence(const struct options *o, uint32_t number,
			 struct trace_writer *w, struct progress *p)
{
	struct seq s;

	p->seq = number;
	p->call = 0;
	seq_begin(&s, o->seed, number);
	exec_sequence_begin();
	trace_sequence(w, number);
	while (seq_next(&s, &call)) {
		p->call = call.number;
		p->beat++;
		exec_call(&call, &result);
		trace_result(w, &result);
	}
	exec_sequence_end();
	p->beat++;
}

static void worker(const struct options *o, unsigned int job, uint32_t from,
		   uint32_t end)
{
	struct trace_writer *w = trace_open(jobs[job].out);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	pin(job);
	exec_begin(o->dev);
	for (uint32_t k = from; k < end; k += o->jobs) {
		one_sequence(o, k, w, &progress[job]);
		if (fflush(jobs[job].out))
			err(1, "trace");
	}
	_exit(0);
}

static void start(const struct options *o, unsigned int i, uint32_t end)
{
	struct job *j = &jobs[i];

	j->still = 0;
	if (j->next >= end) {
		j->done = true;
		return;
	}
	fflush(NULL);
	j->pid = fork();
	if (j->pid < 0)
		err(1, "fork");
	if (!j->pid)
		worker(o, i, j->next, end);
}

/* The worker is gone before its time: say at which call, and go on. */
static void note_death(const struct options *o, unsigned int i, uint32_t flag)
{
	struct progress *p = &progress[i];

	fseek(jobs[i].out, 0, SEEK_END);
	fprintf(jobs[i].out, "S %u\n%u 0 %u\n", p->seq, p->call, flag);
	fflush(jobs[i].out);
	fprintf(stderr, "# abi_diff: call %u of sequence %u %s (replay --seed %llu --index %u)\n",
		p->call, p->seq, flag == RESULT_HUNG ? "hung" : "killed us",
		(unsigned long long)o->seed, p->seq * CALLS_PER_SEQ + p->call);
	jobs[i].next = p->seq + o->jobs;
}

static void kill_hung(unsigned int i)
{
	kill(jobs[i].pid, SIGKILL);
	for (int n = 0; n < DEAD_POLLS; n++) {
		if (waitpid(jobs[i].pid, NULL, WNOHANG) == jobs[i].pid)
			return;
		usleep(100000);
	}
	errx(3, "call %u of sequence %u hangs and cannot be killed",
	     progress[i].call, progress[i].seq);
}

static void poll_job(const struct options *o, unsigned int i, uint32_t end)
{
	struct job *j = &jobs[i];
	int status;

	if (waitpid(j->pid, &status, WNOHANG) == j->pid) {
		if (WIFEXITED(status) && !WEXITSTATUS(status)) {
			j->done = true;
			return;
		}
		if (WIFEXITED(status) && !progress[i].beat)
			errx(1, "a worker could not start");
		note_death(o, i, RESULT_DIED);
		start(o, i, end);
		return;
	}
	if (j->beat != progress[i].beat) {
		j->beat = progress[i].beat;
		j->still = 0;
	} else if (++j->still > HANG_POLLS) {
		kill_hung(i);
		note_death(o, i, RESULT_HUNG);
		start(o, i, end);
	}
}

static bool all_done(unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		if (!jobs[i].done)
			return false;
	return true;
}

static void copy_out(FILE *from, FILE *to)
{
	static char buf[65536];
	size_t n;

	rewind(from);
	while ((n = fread(buf, 1, sizeof(buf), from)))
		if (fwrite(buf, 1, n, to) != n)
			err(1, "trace");
}

static void write_header(const struct options *o, FILE *to)
{
	struct utsname u;

	uname(&u);
	fprintf(to, "H module %s\nH kernel %s\nH vendor %s\nH release %s\n"
		"H seed %llu\nH calls %llu\nH jobs %u\nH avoided %llx\n",
		o->module, o->kernel, o->vendor, u.release,
		(unsigned long long)o->seed,
		(unsigned long long)o->calls, o->jobs,
		(unsigned long long)seq_avoided());
}

int cmd_record(const struct options *o)
{
	FILE *to = strcmp(o->out, "-") ? fopen(o->out, "w") : stdout;
	uint32_t end = sequences_for(o->seed, o->calls);
	unsigned int n = o->jobs;

	if (!to || n > MAX_JOBS)
		err(1, "%s", o->out);
	progress = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (progress == MAP_FAILED)
		err(1, "memory");
	for (unsigned int i = 0; i < n; i++) {
		jobs[i].out = tmpfile();
		if (!jobs[i].out)
			err(1, "tmpfile");
		jobs[i].next = i;
		start(o, i, end);
	}
	while (!all_done(n)) {
		for (unsigned int i = 0; i < n; i++)
			if (!jobs[i].done)
				poll_job(o, i, end);
		usleep(100000);
	}
	write_header(o, to);
	for (unsigned int i = 0; i < n; i++)
		copy_out(jobs[i].out, to);
	fputs("H end 1\n", to);
	if (fclose(to))
		err(1, "trace");
	return 0;
}

/* What a guest's exceptions pushed. */
static void show_stack(void)
{
	const uint64_t *from = (void *)(RAM_ADDR + GUEST_STACK - 128);

	for (int i = 0; i < 16; i++)
		if (from[i])
			printf("    stack[%d]=%#llx\n", i - 16,
			       (unsigned long long)from[i]);
}

static void show(const struct result *res)
{
	char text[64];
	size_t len;

	if (call.feed && exec_input(&len)) {
		const uint8_t *in = exec_input(&len);

		dump_bytes(stdout, call_layout(&call), in, len, in);
	}
	describe_errno(res->ret, res->err, text, sizeof(text));
	printf("    -> %s%s%s\n", text,
	       res->flags & RESULT_GUARD ? " WROTE OUTSIDE THE BUFFER" : "",
	       res->flags & RESULT_TIMEOUT ? " (run limit)" : "");
	dump_bytes(stdout, res->layout == &lay_run ? &lay_run :
		   call_layout(&call), res->out, res->out_len, res->wrote);
	if (res->layout == &lay_run)
		show_stack();
}

/* The calls of one sequence up to and with that one. */
int cmd_replay(const struct options *o)
{
	uint32_t last = o->index % CALLS_PER_SEQ;
	static char text[20000];
	struct seq s;

	pin((o->index / CALLS_PER_SEQ) % o->jobs);
	exec_begin(o->dev);
	seq_begin(&s, o->seed, o->index / CALLS_PER_SEQ);
	printf("sequence %u: %s, mode %d, irqchip %d, %u vCPUs\n", s.number,
	       seq_names[s.kind], s.mode, s.irq, s.nr_vcpus);
	exec_sequence_begin();
	while (seq_next(&s, &call) && call.number <= last) {
		describe_call(&call, text, sizeof(text));
		if (o->verbose || call.number == last)
			printf("%2u %s\n", call.number, text);
		fflush(stdout);
		exec_call(&call, &result);
		if (o->verbose || call.number == last)
			show(&result);
	}
	exec_sequence_end();
	return 0;
}
