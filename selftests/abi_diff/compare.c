// SPDX-License-Identifier: GPL-2.0
/*
 * Compare two traces of the same calls. After a difference that may have
 * left the two machines in different states, the rest of that sequence is
 * not compared: only the first difference is about the call it shows at.
 */
#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "abi_diff.h"

#define MAX_CLASSES 512
/* A listed difference ought to show up in that many calls. */
#define STALE_CALLS 50000

struct class {
	char key[200];
	uint64_t count;
	char values[64];
	char example[600];
	uint64_t index;
};

struct classes {
	struct class class[MAX_CLASSES];
	size_t nr;
};

struct comparison {
	const struct trace *ours, *theirs;
	struct known *known;
	/* What differs, and what ended the comparison of a sequence. */
	struct classes different, ended;
	uint64_t compared, listed, skipped, unlisted, unbuilt_bad;
	uint64_t guards, deaths, their_trouble, missing;
};

static struct comparison cmp;
static struct call call, ahead;

/* The bytes that a call wrote on each side. */
static struct blob_bytes our_bytes, their_bytes;

/* The exits that KVM's vCPUs have made in this sequence: bits, by reason. */
static uint64_t exits[MAX_VCPUS];

static void note_exit(const struct trace_row *theirs)
{
	if (call.fd != FD_VCPU || call.cmd != NACRE_RUN || theirs->err ||
	    !theirs->blob)
		return;
	blob_expand(trace_blob(cmp.theirs, theirs->blob), &their_bytes);
	exits[call.vcpu] |= 1ull << their_bytes.byte[0] % 64;
}

/* The first byte from an offset on in which the two differ, or -1. */
static long next_difference(long from)
{
	for (; from < MAX_BUF; from++)
		if (our_bytes.wrote[from] != their_bytes.wrote[from] ||
		    (our_bytes.wrote[from] &&
		     our_bytes.byte[from] != their_bytes.byte[from]))
			return from;
	return -1;
}

static bool same(const struct trace_row *a, const struct trace_row *b)
{
	return a->ret == b->ret && a->err == b->err && a->blob == b->blob &&
	       a->flags == b->flags;
}

/* A byte that stayed as it was is not in the trace. */
static uint8_t byte_after(const struct call *c, const struct blob_bytes *b,
			  size_t at)
{
	if (b->wrote[at] || c->feed)
		return b->byte[at];
	return at < c->len ? c->buf[at] : 0xa5;
}

static bool number(const struct call *c, const struct blob_bytes *b,
		   size_t from, size_t size, uint64_t *v)
{
	*v = 0;
	if (size > 8 || (c->feed && !b->wrote[from]))
		return false;
	for (size_t i = 0; i < size; i++)
		*v |= (uint64_t)byte_after(c, b, from + i) << 8 * i;
	return true;
}

/* Name the field in which a byte differs; returns where it ends. */
static long name_field(struct difference *d, long off)
{
	const struct layout *l = call_layout(d->call);
	size_t from, size;

	d->field[0] = 0;
	d->size = 0;
	d->numbers = false;
	if (off < 0)
		return -1;
	leaf_name(l, off, d->field, sizeof(d->field));
	leaf_span(l, off, &from, &size);
	d->from = from;
	d->size = size;
	d->numbers = number(d->call, &our_bytes, from, size, &d->our_value) &&
		     number(d->call, &their_bytes, from, size,
			    &d->their_value);
	return from + size;
}

static long first_field(struct difference *d)
{
	if (d->ours->blob == d->theirs->blob)
		return name_field(d, -1);
	blob_expand(trace_blob(cmp.ours, d->ours->blob), &our_bytes);
	blob_expand(trace_blob(cmp.theirs, d->theirs->blob), &their_bytes);
	d->our_bytes = &our_bytes;
	d->their_bytes = &their_bytes;
	return name_field(d, next_difference(0));
}

/* "entries[3].eax" and "entries[9].eax" are one class. */
static void without_index(const char *from, char *to, size_t room)
{
	bool in = false;
	size_t n = 0;

	for (; *from && n + 1 < room; from++) {
		if (*from == ']')
			in = false;
		if (!in)
			to[n++] = *from;
		if (*from == '[')
			in = true;
	}
	to[n] = 0;
}

static void class_key(const struct difference *d, char *to, size_t room)
{
	const struct call *c = d->call;
	char a[32], b[32], name[40], field[64];
	uint64_t msr;

	describe_errno(d->theirs->ret, d->theirs->err, a, sizeof(a));
	describe_errno(d->ours->ret, d->ours->err, b, sizeof(b));
	without_index(d->field, field, sizeof(field));
	if (c->desc)
		snprintf(name, sizeof(name), "%s", c->desc->name);
	else
		snprintf(name, sizeof(name), "unknown ioctl");
	snprintf(to, room, "%s %s", fd_names[c->fd], name);
	room -= strlen(to);
	to += strlen(to);
	if (difference_msr(d, &msr))
		snprintf(to, room, " of %#llx: ", (unsigned long long)msr);
	else
		snprintf(to, room, ": ");
	room -= strlen(to);
	to += strlen(to);
	if (strcmp(a, b))
		snprintf(to, room, "kvm %s, nacre %s%s", a, b,
			 d->ours->flags & RESULT_TIMEOUT ? " (run limit)" :
			 d->theirs->flags & RESULT_TIMEOUT ?
			 " (kvm: run limit)" : "");
	else
		snprintf(to, room, "both %s, differ in %s", a,
			 *field ? field : "flags");
}

/* The last class takes what has no room. */
static struct class *class_of(struct classes *in, const char *key)
{
	for (size_t i = 0; i < in->nr; i++)
		if (!strcmp(in->class[i].key, key))
			return &in->class[i];
	if (in->nr == MAX_CLASSES)
		return &in->class[MAX_CLASSES - 1];
	snprintf(in->class[in->nr].key, sizeof(in->class[0].key), "%s", key);
	return &in->class[in->nr++];
}

static void report(const struct difference *d, const char *prefix,
		   uint32_t seq)
{
	char key[160], full[200];
	struct class *k;

	class_key(d, key, sizeof(key));
	snprintf(full, sizeof(full), "%s%s", prefix, key);
	k = class_of(&cmp.different, full);
	if (k->count++)
		return;
	if (d->numbers)
		snprintf(k->values, sizeof(k->values),
			 " (kvm %#llx, nacre %#llx)",
			 (unsigned long long)d->their_value,
			 (unsigned long long)d->our_value);
	describe_call(d->call, k->example, sizeof(k->example));
	k->index = (uint64_t)seq * CALLS_PER_SEQ + d->call->number;
}

/* True if the two machines can no longer be in the same state. */
static bool diverged(const struct difference *d, bool feeds)
{
	const struct ioctl_desc *desc = d->call->desc;

	if (feeds)
		return true;
	if (desc && desc->flags & CALL_PURE)
		return false;
	/* Read in another way, but nothing done. */
	if (desc && !strncmp(desc->name, "GET_", 4))
		return false;
	/* Refused on both sides: nothing happened. */
	if (d->ours->err && d->theirs->err)
		return desc && desc->cmd == NACRE_RUN;
	return true;
}

static bool check_unbuilt(const struct difference *d, int row, uint32_t seq)
{
	const struct trace_row *r = d->ours;

	/* No descriptor to ask: the sequence has no such vCPU. */
	if (r->err == EBADF && d->theirs->err == EBADF)
		return true;
	if (r->ret == -1 && r->err == unknown_errno(d->call->fd) && !r->blob) {
		known_hit(cmp.known, row);
		cmp.listed++;
		return true;
	}
	cmp.unbuilt_bad++;
	report(d, "listed as unbuilt, but answers: ", seq);
	return false;
}

/* A row allows one field: each one that differs needs a row. */
static bool is_listed(struct difference *d, long end)
{
	bool only_bytes = d->ours->ret == d->theirs->ret &&
			  d->ours->err == d->theirs->err;
	int row;

	for (;;) {
		row = known_allows(cmp.known, d);
		known_hit(cmp.known, row);
		if (row < 0)
			return false;
		if (!only_bytes || end < 0 ||
		    known_allows_rest(cmp.known, row))
			return true;
		end = next_difference(end);
		if (end < 0)
			return true;
		end = name_field(d, end);
	}
}

/* Returns true if the rest of the sequence can be compared. */
static bool compare_call(uint32_t seq, const struct trace_row *ours,
			 const struct trace_row *theirs, bool feeds)
{
	struct difference d = {
		.call = &call, .ours = ours, .theirs = theirs,
		.exits = exits[call.vcpu],
	};
	int row = known_unbuilt(cmp.known, &call);
	long end;

	cmp.compared++;
	cmp.guards += !!(ours->flags & RESULT_GUARD);
	cmp.their_trouble += !!(theirs->flags & RESULT_GUARD);
	if (ours->flags & RESULT_GUARD)
		report(&d, "wrote outside the buffer: ", seq);
	end = first_field(&d);
	if (row >= 0) {
		check_unbuilt(&d, row, seq);
		return same(ours, theirs) || !diverged(&d, feeds);
	}
	if (ours->flags & theirs->flags & RESULT_TIMEOUT)
		return false;
	if (same(ours, theirs))
		return !(ours->flags & RESULT_NO_ENTRY);
	if (is_listed(&d, end)) {
		cmp.listed++;
	} else {
		cmp.unlisted++;
		report(&d, "", seq);
	}
	return !diverged(&d, feeds);
}

/* A sequence in which a call killed or hung the recorder. */
static bool note_death(uint32_t seq, const struct trace_row *ours,
		       const struct trace_row *theirs)
{
	struct difference d = {
		.call = &call, .ours = ours, .theirs = theirs,
	};
	uint32_t dead = RESULT_DIED | RESULT_HUNG;
	const struct trace_row *r = ours->flags & dead ? ours : theirs;
	struct seq s;

	if (!((ours->flags | theirs->flags) & dead))
		return false;
	seq_begin(&s, cmp.ours->seed, seq);
	while (seq_next(&s, &call) && call.number < r->ret)
		;
	if (ours->flags & dead) {
		cmp.deaths++;
		report(&d, ours->flags & RESULT_HUNG ? "hung: " : "killed: ",
		       seq);
	} else {
		cmp.their_trouble++;
	}
	return true;
}

static const struct trace_row *rows_of(const struct trace *t, uint32_t seq,
				       uint32_t *n)
{
	if (seq >= t->nr_seqs || t->first_row[seq] == (size_t)-1)
		return NULL;
	*n = t->rows_of[seq];
	return &t->rows[t->first_row[seq]];
}

static void note_end(uint32_t calls, const struct trace_row *ours,
		     const struct trace_row *theirs)
{
	struct difference d = {
		.call = &call, .ours = ours, .theirs = theirs,
	};
	char key[160];

	cmp.skipped += calls;
	first_field(&d);
	class_key(&d, key, sizeof(key));
	class_of(&cmp.ended, key)->count += calls;
}

static void compare_sequence(uint32_t number)
{
	uint32_t nr_ours = 0, nr_theirs = 0;
	const struct trace_row *ours = rows_of(cmp.ours, number, &nr_ours);
	const struct trace_row *theirs = rows_of(cmp.theirs, number,
						 &nr_theirs);
	struct seq s, next;

	if (!ours || !theirs || !nr_ours || !nr_theirs) {
		cmp.missing++;
		return;
	}
	seq_begin(&s, cmp.ours->seed, number);
	if (note_death(number, ours, theirs)) {
		cmp.skipped += s.length;
		return;
	}
	if (nr_ours != s.length || nr_theirs != s.length) {
		cmp.missing++;
		return;
	}
	memset(&call, 0, sizeof(call));
	memset(exits, 0, sizeof(exits));
	while (seq_next(&s, &call)) {
		next = s;
		ahead.fd = call.fd;
		ahead.vcpu = call.vcpu;
		bool feeds = seq_next(&next, &ahead) && ahead.feed;

		if (compare_call(number, &ours[call.number],
				 &theirs[call.number], feeds)) {
			note_exit(&theirs[call.number]);
			continue;
		}
		note_end(s.length - call.number - 1, &ours[call.number],
			 &theirs[call.number]);
		return;
	}
}

static int by_count(const void *a, const void *b)
{
	const struct class *x = a, *y = b;

	return (x->count < y->count) - (x->count > y->count);
}

static void print_different(uint64_t seed)
{
	const struct class *k = cmp.different.class;

	qsort(cmp.different.class, cmp.different.nr, sizeof(*k), by_count);
	for (size_t i = 0; i < cmp.different.nr; i++, k++)
		printf("# %6llu x %s%s\n#          --seed %llu --index %llu: %s\n",
		       (unsigned long long)k->count, k->key, k->values,
		       (unsigned long long)seed,
		       (unsigned long long)k->index, k->example);
}

/* What most calls were not compared for. */
static void print_ended(void)
{
	const struct class *k = cmp.ended.class;

	qsort(cmp.ended.class, cmp.ended.nr, sizeof(*k), by_count);
	for (size_t i = 0; i < cmp.ended.nr && i < 10; i++, k++)
		printf("# %6llu calls not compared after %s\n",
		       (unsigned long long)k->count, k->key);
}

static void print_stale(void)
{
	if (cmp.compared < STALE_CALLS)
		return;
	for (size_t i = 0; i < known_rows(cmp.known); i++)
		if (!known_hits(cmp.known, i))
			printf("# warning: stale, did not occur: %s\n",
			       known_text(cmp.known, i));
}

static void tap(int nr, bool ok, const char *what)
{
	printf("%sok %d - %s\n", ok ? "" : "not ", nr, what);
}

static bool print_verdict(void)
{
	bool ok = !cmp.unlisted && !cmp.unbuilt_bad && !cmp.guards &&
		  !cmp.deaths && !cmp.missing && cmp.compared;

	printf("TAP version 13\n1..5\n");
	tap(1, cmp.compared && !cmp.missing, "both traces are whole");
	tap(2, !cmp.unlisted, "every call agrees or its difference is listed");
	tap(3, !cmp.unbuilt_bad, "what is not built is refused as unknown");
	tap(4, !cmp.guards, "nothing is written outside a buffer");
	tap(5, !cmp.deaths, "no call kills or hangs its caller");
	printf("# %llu compared, %llu listed, %llu not listed, %llu not compared after a difference or a run limit, %llu of KVM's own trouble\n",
	       (unsigned long long)cmp.compared,
	       (unsigned long long)cmp.listed,
	       (unsigned long long)(cmp.unlisted + cmp.unbuilt_bad),
	       (unsigned long long)cmp.skipped,
	       (unsigned long long)cmp.their_trouble);
	return ok;
}

static void check_headers(const struct trace *a, const struct trace *b)
{
	if (!a->kernel || !b->kernel || strcmp(a->kernel, b->kernel))
		errx(2, "the traces are of different kernels");
	if (!a->vendor || !b->vendor || strcmp(a->vendor, b->vendor))
		errx(2, "the traces are of different processors");
	if (a->seed != b->seed || a->calls != b->calls || a->jobs != b->jobs ||
	    a->avoided != b->avoided)
		errx(2, "the traces are of different calls");
}

int cmd_compare(const struct options *o, const char *ours, const char *theirs)
{
	struct trace *a = trace_load(ours), *b = trace_load(theirs);
	uint64_t calls = 0;
	struct seq s;
	bool ok;

	check_headers(a, b);
	memset(&cmp, 0, sizeof(cmp));
	cmp.ours = a;
	cmp.theirs = b;
	cmp.known = known_load(o->known, a->kernel, a->vendor);
	if (!seq_avoided())
		known_avoid(cmp.known);
	if (seq_avoided() != a->avoided)
		errx(2, "the traces were made with another %s", o->known);
	for (uint32_t k = 0; calls < a->calls; k++) {
		compare_sequence(k);
		seq_begin(&s, a->seed, k);
		calls += s.length;
	}
	print_different(a->seed);
	print_ended();
	print_stale();
	ok = print_verdict();
	known_free(cmp.known);
	trace_free(a);
	trace_free(b);
	return ok ? 0 : 1;
}
