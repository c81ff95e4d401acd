// SPDX-License-Identifier: GPL-2.0
/*
 * The table of known differences, abi_diff.tsv. Columns:
 *
 *	fd	system, vm, vcpu or *
 *	call	the ioctl's name without prefix, or * for all
 *	when	* or conditions joined by commas, FIELD=N, FIELD=N-M or
 *		several with / between, where FIELD&MASK is a part of it: a
 *		field of the input; "arg" for an argument that is no pointer,
 *		"arg32" for its lower half (neither is known of a fed one);
 *		"fed=1" for the input that is an earlier answer; "msr" for the
 *		MSR at which the answers part and "msrdata" for what it was to
 *		be set to; "kvm" and "nacre" for the field's value in the
 *		answers; "ahead" for how much nacre's is more; "kvm.FIELD" and
 *		"nacre.FIELD" for another field of the answers; "valid_regs"
 *		for RUN's; "ran" for the exits that KVM's vCPU has made before,
 *		a bit for each reason; "lost=MASK", or
 *		several with / between: of KVM's value, all bits of one mask
 *		are missing in nacre's, and nothing else differs, or "lost=*"
 *		for some bits of a field of any length; "gained=MASK": nacre's
 *		has some more
 *	allow	unbuilt		nacre refuses it exactly as an unknown ioctl
 *		newer		KVM of that kernel does not know the ioctl
 *		zero		nacre returns 0 where KVM returns more
 *		absent		of GET_MSRS and SET_MSRS: nacre stops at an MSR at
 *				which KVM goes on; "msr" says which MSRs
 *		present		the same, but KVM is the one that stops
 *		endless		KVM's guest does not come back, nacre's does
 *		waits		KVM's vCPU is to be run again (EAGAIN), nacre's waits
 *		ret:A>B		KVM gives A and nacre B, errno or number or *
 *		out:FIELD	both agree but for fields of this beginning
 *		rest:FIELD	the same, and what follows it may differ too
 *	where	* or a kernel (6.1, 6.12), a vendor (intel, amd) or both with +
 *		between: the machine's on which it may differ
 *	reason	in words; a row without is refused
 *
 * What a row says about ioctls that are not built, about MSRs that are absent,
 * and about capabilities (ENABLE_CAP's "cap"), the generator knows too: most
 * sequences avoid them, because what comes after is not compared.
 */
#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "abi_diff.h"

enum { COL_FD, COL_CALL, COL_WHEN, COL_ALLOW, COL_WHERE, COL_REASON, COLS };

struct row {
	char *text;		/* the line, for messages */
	char *col[COLS];
	char *split;		/* what col[] points into */
	uint64_t hits;
};

struct known {
	struct row *row;
	size_t nr;
};

static void split(struct row *r, const char *path, unsigned int line)
{
	char *at = r->split;

	for (int i = 0; i < COLS; i++) {
		r->col[i] = strsep(&at, "\t");
		if (!r->col[i] || !*r->col[i])
			errx(2, "%s:%u: column %d is missing", path, line,
			     i + 1);
	}
	if (strcmp(r->col[COL_CALL], "*") && !desc_named(r->col[COL_CALL]))
		errx(2, "%s:%u: no ioctl %s", path, line, r->col[COL_CALL]);
}

/* Each word of it is so. */
static bool is_here(const char *where, const char *kernel, const char *vendor)
{
	char text[32], *at = text, *word;

	snprintf(text, sizeof(text), "%s", where);
	while ((word = strsep(&at, "+")))
		if (strcmp(word, "*") && strcmp(word, kernel) &&
		    strcmp(word, vendor))
			return false;
	return true;
}

struct known *known_load(const char *path, const char *kernel,
			 const char *vendor)
{
	struct known *k = calloc(1, sizeof(*k));
	FILE *from = fopen(path, "r");
	unsigned int line_nr = 0;
	char *line = NULL;
	size_t room = 0;
	ssize_t n;

	if (!from || !k)
		err(2, "%s", path);
	while ((n = getline(&line, &room, from)) > 0) {
		struct row r = { 0 };

		line_nr++;
		if (line[n - 1] == '\n')
			line[n - 1] = 0;
		if (!*line || *line == '#')
			continue;
		r.text = strdup(line);
		r.split = strdup(line);
		split(&r, path, line_nr);
		if (!is_here(r.col[COL_WHERE], kernel, vendor)) {
			free(r.text);
			free(r.split);
			continue;
		}
		k->row = realloc(k->row, (k->nr + 1) * sizeof(r));
		if (!k->row)
			err(2, "memory");
		k->row[k->nr++] = r;
	}
	free(line);
	fclose(from);
	return k;
}

void known_free(struct known *k)
{
	for (size_t i = 0; i < k->nr; i++) {
		free(k->row[i].text);
		free(k->row[i].split);
	}
	free(k->row);
	free(k);
}

static bool is_unbuilt(const struct row *r)
{
	return !strcmp(r->col[COL_ALLOW], "unbuilt");
}

static bool fd_matches(const struct row *r, enum fd_kind fd)
{
	return !strcmp(r->col[COL_FD], "*") ||
	       !strcmp(r->col[COL_FD], fd_names[fd]);
}

/* What is behind the name of a condition, from its '=' or '&' on. */
static char *condition(const struct row *r, const char *name)
{
	size_t n = strlen(name);
	char *at = r->col[COL_WHEN];

	while (at && (strncmp(at, name, n) || !strchr("=&", at[n]))) {
		at = strchr(at, ',');
		at += !!at;
	}
	return at ? at + n : NULL;
}

/* Each range that a condition of that name has. */
static void for_ranges(const struct row *r, const char *name,
		       void (*f)(uint64_t first, uint64_t last))
{
	char *at = condition(r, name);
	uint64_t lo, hi;

	if (!at)
		return;
	do {
		lo = hi = strtoull(at + 1, &at, 0);
		if (*at == '-')
			hi = strtoull(at + 1, &at, 0);
		f(lo, hi);
	} while (*at == '/');
}

void known_avoid(const struct known *k)
{
	for (size_t i = 0; i < k->nr; i++) {
		const struct row *r = &k->row[i];

		/* One that is there but for some values is no MSR to avoid. */
		if (!strcmp(r->col[COL_ALLOW], "absent") &&
		    strcmp(r->col[COL_FD], "system") &&
		    !condition(r, "msrdata"))
			for_ranges(r, "msr", seq_avoid_msrs);
		if (!strcmp(r->col[COL_CALL], "ENABLE_CAP"))
			for_ranges(r, "cap", seq_avoid_caps);
		if (!is_unbuilt(r) && strcmp(r->col[COL_ALLOW], "newer"))
			continue;
		for (int fd = 0; fd < FD_KINDS; fd++)
			if (fd_matches(r, fd))
				seq_avoid(desc_named(r->col[COL_CALL])->cmd,
					  fd);
	}
}

static bool call_matches(const struct row *r, const struct call *c)
{
	if (!fd_matches(r, c->fd))
		return false;
	if (!strcmp(r->col[COL_CALL], "*"))
		return true;
	return c->desc && !strcmp(r->col[COL_CALL], c->desc->name);
}

/* The entry at which the one side stopped, or whose value differs. */
static const struct nacre_msr_entry *parting_entry(const struct difference *d)
{
	int64_t a = d->ours->ret, b = d->theirs->ret;
	const struct nacre_msr_entry *e;
	size_t i = a < b ? a : b;

	if (!d->call->desc || d->call->desc->layout != &lay_msrs)
		return NULL;
	if (a == b && sscanf(d->field, "entries[%zu]", &i) != 1)
		return NULL;
	if (a < 0 || b < 0 || 8 + (i + 1) * sizeof(*e) > d->call->len)
		return NULL;
	e = (const void *)(d->call->buf + 8);
	return e + i;
}

bool difference_msr(const struct difference *d, uint64_t *v)
{
	const struct nacre_msr_entry *e = parting_entry(d);

	*v = e ? e->index : 0;
	return e;
}

static bool difference_data(const struct difference *d, uint64_t *v)
{
	const struct nacre_msr_entry *e = parting_entry(d);

	*v = e ? e->data : 0;
	return e;
}

/* A field of an answer, be it the one that differs or not. */
static bool answer_field(const struct difference *d,
			 const struct blob_bytes *answer, const char *name,
			 uint64_t *v)
{
	size_t from, size;

	if (!answer || !span_named(call_layout(d->call), name, &from, &size) ||
	    size > 8 || !answer->wrote[from])
		return false;
	memcpy(v, answer->byte + from, size);
	return true;
}

static bool field_value(const struct difference *d, const char *name,
			uint64_t *v)
{
	const struct call *c = d->call;
	const struct leaf *f;

	*v = 0;
	if (!strcmp(name, "arg") || !strcmp(name, "arg32")) {
		*v = arena_address(c);
		if (name[3])
			*v = (uint32_t)*v;
		return c->desc && c->desc->flags & CALL_VALUE && !c->feed;
	}
	if (!strcmp(name, "kvm") || !strcmp(name, "nacre")) {
		*v = *name == 'k' ? d->their_value : d->our_value;
		return d->numbers;
	}
	if (!strcmp(name, "ahead")) {
		*v = d->our_value - d->their_value;
		return d->numbers;
	}
	if (!strncmp(name, "kvm.", 4))
		return answer_field(d, d->their_bytes, name + 4, v);
	if (!strncmp(name, "nacre.", 6))
		return answer_field(d, d->our_bytes, name + 6, v);
	if (!strcmp(name, "valid_regs")) {
		*v = c->run.valid_regs;
		return c->desc && c->desc->cmd == NACRE_RUN;
	}
	if (!strcmp(name, "ran")) {
		*v = d->exits;
		return c->fd == FD_VCPU;
	}
	if (!strcmp(name, "fed")) {
		*v = c->feed;
		return true;
	}
	if (!strcmp(name, "msr"))
		return difference_msr(d, v);
	if (!strcmp(name, "msrdata"))
		return difference_data(d, v);
	f = c->desc ? leaf_named(c->desc->layout, name) : NULL;
	if (!f || c->feed || f->off + 8u > sizeof(c->buf))
		return false;
	memcpy(v, c->buf + f->off, f->size > 8 ? 8 : f->size);
	return f->off + (f->size > 8 ? 8u : f->size) <= c->len;
}

static bool any_lost(const struct difference *d)
{
	const struct blob_bytes *a = d->our_bytes, *b = d->their_bytes;

	for (size_t i = d->from; i < d->from + d->size; i++)
		if (!a->wrote[i] || !b->wrote[i] || a->byte[i] & ~b->byte[i])
			return false;
	return d->size;
}

static bool only_lost(const struct difference *d, char *masks)
{
	uint64_t mask;

	if (!strcmp(masks + 1, "*"))
		return any_lost(d);
	do {
		mask = strtoull(masks + 1, &masks, 0);
		if (d->numbers && d->our_value == (d->their_value & ~mask))
			return true;
	} while (*masks == '/');
	return false;
}

static bool only_gained(const struct difference *d, uint64_t mask)
{
	return d->numbers && !(d->their_value & ~d->our_value) &&
	       !((d->our_value ^ d->their_value) & ~mask);
}

static bool condition_holds(const struct difference *d, char *cond)
{
	char *at = strchr(cond, '='), *part, *end;
	uint64_t v, lo, hi, mask = -1;

	if (!at)
		errx(2, "condition %s: no '='", cond);
	*at = 0;
	part = strchr(cond, '&');
	if (part) {
		*part = 0;
		mask = strtoull(part + 1, NULL, 0);
	}
	if (!strcmp(cond, "lost"))
		return only_lost(d, at);
	if (!strcmp(cond, "gained"))
		return only_gained(d, strtoull(at + 1, NULL, 0));
	if (!field_value(d, cond, &v))
		return false;
	v &= mask;
	do {
		lo = hi = strtoull(at + 1, &end, 0);
		if (*end == '-')
			hi = strtoull(end + 1, &end, 0);
		if (v >= lo && v <= hi)
			return true;
		at = end;
	} while (*at == '/');
	return false;
}

static bool conditions_hold(const struct row *r, const struct difference *d)
{
	char text[2048], *at = text, *cond;

	if (!strcmp(r->col[COL_WHEN], "*"))
		return true;
	snprintf(text, sizeof(text), "%s", r->col[COL_WHEN]);
	while ((cond = strsep(&at, ",")))
		if (!condition_holds(d, cond))
			return false;
	return true;
}

static bool result_is(const struct trace_row *row, const char *want, size_t n)
{
	char text[64];

	if (n == 1 && *want == '*')
		return true;
	describe_errno(row->ret, row->err, text, sizeof(text));
	return strlen(text) == n && !strncmp(text, want, n);
}

static bool ret_allowed(const char *rule, const struct difference *d)
{
	const char *to = strchr(rule, '>');

	if (!to)
		errx(2, "rule ret:%s: no '>'", rule);
	return result_is(d->theirs, rule, to - rule) &&
	       result_is(d->ours, to + 1, strlen(to + 1));
}

static bool out_allowed(const char *field, const struct difference *d)
{
	return d->ours->ret == d->theirs->ret &&
	       d->ours->err == d->theirs->err &&
	       !strncmp(d->field, field, strlen(field));
}

static bool row_allows(const struct row *r, const struct difference *d)
{
	const char *rule = r->col[COL_ALLOW];
	uint64_t msr;

	if (!strcmp(rule, "endless"))
		return !d->ours->err && !d->ours->flags &&
		       d->theirs->flags == RESULT_TIMEOUT;
	if (!strcmp(rule, "waits"))
		return d->ours->flags == RESULT_TIMEOUT &&
		       !d->theirs->flags && d->theirs->err == EAGAIN;
	if (d->ours->flags != d->theirs->flags)
		return false;
	if (!strcmp(rule, "absent"))
		return difference_msr(d, &msr) && d->ours->ret < d->theirs->ret;
	if (!strcmp(rule, "present"))
		return difference_msr(d, &msr) && d->ours->ret > d->theirs->ret;
	if (!strcmp(rule, "newer"))
		return d->theirs->err == unknown_errno(d->call->fd);
	if (!strcmp(rule, "zero"))
		return !d->ours->err && !d->ours->ret && !d->theirs->err;
	if (!strncmp(rule, "ret:", 4))
		return ret_allowed(rule + 4, d);
	if (!strncmp(rule, "out:", 4))
		return out_allowed(rule + 4, d);
	if (!strncmp(rule, "rest:", 5))
		return out_allowed(rule + 5, d);
	if (strcmp(rule, "unbuilt"))
		errx(2, "unknown rule %s", rule);
	return false;
}

int known_allows(struct known *k, const struct difference *d)
{
	for (size_t i = 0; i < k->nr; i++) {
		struct row *r = &k->row[i];

		if (call_matches(r, d->call) && row_allows(r, d) &&
		    conditions_hold(r, d))
			return i;
	}
	return -1;
}

int known_unbuilt(struct known *k, const struct call *c)
{
	for (size_t i = 0; i < k->nr; i++)
		if (is_unbuilt(&k->row[i]) && call_matches(&k->row[i], c))
			return i;
	return -1;
}

bool known_allows_rest(const struct known *k, int row)
{
	return !strncmp(k->row[row].col[COL_ALLOW], "rest:", 5);
}

size_t known_rows(const struct known *k)
{
	return k->nr;
}

const char *known_text(const struct known *k, size_t row)
{
	return k->row[row].text;
}

uint64_t known_hits(const struct known *k, size_t row)
{
	return k->row[row].hits;
}

void known_hit(struct known *k, int row)
{
	if (row >= 0)
		k->row[row].hits++;
}
