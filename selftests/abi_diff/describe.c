// SPDX-License-Identifier: GPL-2.0
/* Calls and results in words. */
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>

#include "abi_diff.h"

static void append(char *to, size_t room, const char *fmt, ...)
{
	size_t used = strlen(to);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(to + used, room - used, fmt, ap);
	va_end(ap);
}

static bool all_zero(const uint8_t *at, size_t n)
{
	while (n--)
		if (*at++)
			return false;
	return true;
}

static void append_leaf(char *to, size_t room, const char *name,
			const struct leaf *f, const uint8_t *at)
{
	uint64_t v = 0;

	if (all_zero(at, f->size))
		return;
	if (f->size <= 8) {
		memcpy(&v, at, f->size);
		append(to, room, " %s=%#llx", name, (unsigned long long)v);
		return;
	}
	append(to, room, " %s=", name);
	for (int i = 0; i < f->size && i < 16; i++)
		append(to, room, "%02x", at[i]);
	if (f->size > 16)
		append(to, room, "..");
}

static void append_struct(char *to, size_t room, const struct layout *l,
			  const uint8_t *buf, size_t len)
{
	char name[80];
	long e;

	for (size_t off = 0; off < len;) {
		const struct leaf *f = leaf_at(l, off, &e);

		if (!f || (e < 0 && off != f->off) || off + f->size > len) {
			off++;
			continue;
		}
		leaf_name(l, off, name, sizeof(name));
		append_leaf(to, room, name, f, buf + off);
		off += f->size;
	}
}

void describe_call(const struct call *c, char *to, size_t room)
{
	*to = 0;
	append(to, room, "%s", fd_names[c->fd]);
	if (c->fd == FD_VCPU)
		append(to, room, "%u", c->vcpu);
	if (c->desc)
		append(to, room, " %s", c->desc->name);
	else
		append(to, room, " ioctl %#lx (type %#lx nr %#lx size %lu)",
		       c->cmd, _IOC_TYPE(c->cmd), _IOC_NR(c->cmd),
		       _IOC_SIZE(c->cmd));
	if (c->place == AT_VALUE)
		append(to, room, " %#llx", (unsigned long long)c->value);
	else if (c->place != AT_BUF)
		append(to, room, " at %s", place_names[c->place]);
	if (c->feed)
		append(to, room, " <what came before, %u changes>",
		       c->mutations);
	else if (c->place != AT_VALUE && c->desc && c->desc->layout &&
		 !(c->desc->flags & CALL_OUT))
		append_struct(to, room, call_layout(c), c->buf, c->len);
	if (c->fd == FD_VCPU && c->cmd == NACRE_RUN)
		append(to, room, " {imm=%u win=%u cr8=%llu valid=%#llx dirty=%#llx}",
		       c->run.immediate_exit, c->run.request_interrupt_window,
		       (unsigned long long)c->run.cr8,
		       (unsigned long long)c->run.valid_regs,
		       (unsigned long long)c->run.dirty_regs);
}

void describe_errno(int64_t ret, int err, char *to, size_t room)
{
	if (!err)
		snprintf(to, room, "%lld", (long long)ret);
	else if (strerrorname_np(err))
		snprintf(to, room, "%s", strerrorname_np(err));
	else
		snprintf(to, room, "errno %d", err);
}

void dump_bytes(FILE *to, const struct layout *l, const uint8_t *buf,
		size_t len, const uint8_t *only)
{
	char name[80], line[200];
	long e;

	for (size_t off = 0; off < len;) {
		const struct leaf *f = l ? leaf_at(l, off, &e) : NULL;
		size_t n = 1;

		leaf_name(l, off, name, sizeof(name));
		if (f) {
			size_t at = e < 0 ? off : (off - l->size) %
				    l->tail_size;

			n = f->off + f->size - at;
		}
		if (n > len - off)
			n = len - off;
		if (!only || !all_zero(only + off, n)) {
			struct leaf piece = { "", 0, n, NULL };

			*line = 0;
			append_leaf(line, sizeof(line), name, &piece,
				    buf + off);
			if (*line)
				fprintf(to, "    %s\n", line + 1);
			else
				fprintf(to, "    %s=0\n", name);
		}
		off += n;
	}
}
