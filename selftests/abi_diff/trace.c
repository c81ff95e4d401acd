// SPDX-License-Identifier: GPL-2.0
/*
 * A trace: results as lines of text.
 *
 *	H key value		what was recorded where
 *	S number		a sequence begins
 *	RET ERRNO FLAGS [BLOB[=BYTES]]
 *
 * BLOB is a digest of the bytes that the call wrote, given in full where the
 * digest stands first: "offset:hex,offset:hex,...".
 */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "abi_diff.h"

struct blob_table {
	size_t room, used;
	uint64_t *hash;
	char **text;
};

static struct blob_table *blobs_new(void)
{
	struct blob_table *t = calloc(1, sizeof(*t));

	if (!t)
		err(1, "memory");
	t->room = 1 << 12;
	t->hash = calloc(t->room, sizeof(*t->hash));
	t->text = calloc(t->room, sizeof(*t->text));
	if (!t->hash || !t->text)
		err(1, "memory");
	return t;
}

static void blobs_free(struct blob_table *t)
{
	for (size_t i = 0; i < t->room; i++)
		free(t->text[i]);
	free(t->hash);
	free(t->text);
	free(t);
}

static size_t blob_slot(const struct blob_table *t, uint64_t hash)
{
	size_t i = hash & (t->room - 1);

	while (t->hash[i] && t->hash[i] != hash)
		i = (i + 1) & (t->room - 1);
	return i;
}

static void blobs_grow(struct blob_table *t)
{
	struct blob_table old = *t;
	size_t to;

	t->room *= 2;
	t->hash = calloc(t->room, sizeof(*t->hash));
	t->text = calloc(t->room, sizeof(*t->text));
	if (!t->hash || !t->text)
		err(1, "memory");
	for (size_t i = 0; i < old.room; i++) {
		if (!old.hash[i])
			continue;
		to = blob_slot(t, old.hash[i]);
		t->hash[to] = old.hash[i];
		t->text[to] = old.text[i];
	}
	free(old.hash);
	free(old.text);
}

/* True if it is new. Takes the text. */
static bool blobs_add(struct blob_table *t, uint64_t hash, char *text)
{
	size_t i;

	if (t->used * 2 > t->room)
		blobs_grow(t);
	i = blob_slot(t, hash);
	if (t->hash[i]) {
		if (!t->text[i])
			t->text[i] = text;
		else
			free(text);
		return false;
	}
	t->hash[i] = hash;
	t->text[i] = text;
	t->used++;
	return true;
}

struct trace_writer {
	FILE *to;
	struct blob_table *seen;
};

struct trace_writer *trace_open(FILE *to)
{
	struct trace_writer *w = calloc(1, sizeof(*w));

	if (!w)
		err(1, "memory");
	w->to = to;
	w->seen = blobs_new();
	return w;
}

void trace_close(struct trace_writer *w)
{
	blobs_free(w->seen);
	free(w);
}

void trace_sequence(struct trace_writer *w, uint32_t number)
{
	fprintf(w->to, "S %u\n", number);
}

/* 0: nothing was. */
static uint64_t digest(const struct result *res)
{
	uint64_t h = 0x9e3779b97f4a7c15ULL;
	bool wrote = false;

	for (size_t i = 0; i < res->out_len; i++) {
		if (!res->wrote[i])
			continue;
		h = (h ^ (i << 8 | res->out[i])) * 0x9e3779b97f4a7c15ULL;
		h ^= h >> 29;
		wrote = true;
	}
	return wrote ? h : 0;
}

static void print_bytes(FILE *to, const struct result *res)
{
	static const char hex[] = "0123456789abcdef";
	bool open = false;

	for (size_t i = 0; i < res->out_len; i++) {
		if (!res->wrote[i]) {
			open = false;
			continue;
		}
		if (!open)
			fprintf(to, ",%zu:", i);
		open = true;
		fputc(hex[res->out[i] >> 4], to);
		fputc(hex[res->out[i] & 15], to);
	}
}

void trace_result(struct trace_writer *w, const struct result *res)
{
	uint64_t h = digest(res);

	fprintf(w->to, "%lld %d %u", (long long)res->ret, res->err,
		res->flags);
	if (h) {
		fprintf(w->to, " %llx", (unsigned long long)h);
		if (blobs_add(w->seen, h, NULL)) {
			fputc('=', w->to);
			print_bytes(w->to, res);
		}
	}
	fputc('\n', w->to);
}

static void header(struct trace *t, char *key)
{
	char *value = strchr(key, ' ');

	if (!value)
		return;
	*value++ = 0;
	if (!strcmp(key, "seed"))
		t->seed = strtoull(value, NULL, 0);
	else if (!strcmp(key, "calls"))
		t->calls = strtoull(value, NULL, 0);
	else if (!strcmp(key, "jobs"))
		t->jobs = strtoul(value, NULL, 0);
	else if (!strcmp(key, "avoided"))
		t->avoided = strtoull(value, NULL, 16);
	else if (!strcmp(key, "module"))
		t->module = strdup(value);
	else if (!strcmp(key, "kernel"))
		t->kernel = strdup(value);
	else if (!strcmp(key, "vendor"))
		t->vendor = strdup(value);
}

static void begin_sequence(struct trace *t, uint32_t number)
{
	if (number >= t->nr_seqs) {
		size_t n = (number + 1) * 2;

		t->first_row = realloc(t->first_row, n * sizeof(size_t));
		t->rows_of = realloc(t->rows_of, n * sizeof(uint32_t));
		if (!t->first_row || !t->rows_of)
			err(1, "memory");
		for (size_t i = t->nr_seqs; i < n; i++) {
			t->first_row[i] = (size_t)-1;
			t->rows_of[i] = 0;
		}
		t->nr_seqs = n;
	}
	t->first_row[number] = t->nr_rows;
}

static bool add_row(struct trace *t, const char *line, uint32_t seq)
{
	struct trace_row row = { 0 };
	const char *text;
	long long ret;
	char *end;
	int used = 0;

	if (sscanf(line, "%lld %d %u%n", &ret, &row.err, &row.flags,
		   &used) != 3)
		return false;
	row.ret = ret;
	if (line[used] == ' ') {
		row.blob = strtoull(line + used, &end, 16);
		text = *end == '=' ? strdup(end + 1) : NULL;
		blobs_add(t->blobs, row.blob, (char *)text);
	}
	if (!(t->nr_rows & (t->nr_rows - 1))) {
		t->rows = realloc(t->rows, (t->nr_rows ? t->nr_rows * 2 : 1) *
				  sizeof(row));
		if (!t->rows)
			err(1, "memory");
	}
	t->rows[t->nr_rows++] = row;
	t->rows_of[seq]++;
	return true;
}

struct trace *trace_load(const char *path)
{
	struct trace *t = calloc(1, sizeof(*t));
	FILE *from = fopen(path, "r");
	uint32_t seq = 0;
	char *line = NULL;
	size_t room = 0;
	ssize_t n;

	if (!from || !t)
		err(2, "%s", path);
	t->blobs = blobs_new();
	while ((n = getline(&line, &room, from)) > 0) {
		if (line[n - 1] == '\n')
			line[n - 1] = 0;
		if (line[0] == 'H' && line[1] == ' ') {
			header(t, line + 2);
		} else if (line[0] == 'S' && line[1] == ' ') {
			seq = strtoul(line + 2, NULL, 0);
			begin_sequence(t, seq);
		} else if (!t->nr_seqs || !add_row(t, line, seq)) {
			warnx("%s: not a trace line: %.60s", path, line);
		}
	}
	free(line);
	fclose(from);
	return t;
}

void trace_free(struct trace *t)
{
	blobs_free(t->blobs);
	free(t->module);
	free(t->kernel);
	free(t->vendor);
	free(t->rows);
	free(t->first_row);
	free(t->rows_of);
	free(t);
}

const char *trace_blob(const struct trace *t, uint64_t hash)
{
	size_t i = blob_slot(t->blobs, hash);

	return t->blobs->hash[i] ? t->blobs->text[i] : NULL;
}

static int nibble(char c)
{
	return c >= 'a' ? c - 'a' + 10 : c - '0';
}

void blob_expand(const char *blob, struct blob_bytes *to)
{
	size_t at = 0;
	int used;

	memset(to, 0, sizeof(*to));
	while (blob && *blob) {
		if (*blob == ',' && sscanf(blob, ",%zu:%n", &at, &used) == 1) {
			blob += used;
			continue;
		}
		if (at >= MAX_BUF || !blob[1])
			return;
		to->byte[at] = nibble(blob[0]) << 4 | nibble(blob[1]);
		to->wrote[at++] = 1;
		blob += 2;
	}
}
