// SPDX-License-Identifier: GPL-2.0
/* Picks the backend for this processor and binds its operations. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/printk.h>

#include "arch/x86/backend.h"

#define NACRE_BACKEND_DEFINE(ret, name, args)				\
	DEFINE_STATIC_CALL_NULL(nacre_##name,				\
				*(((struct nacre_backend *)0)->name));
NACRE_BACKEND_OPS(NACRE_BACKEND_DEFINE, NACRE_BACKEND_DEFINE)

DEFINE_STATIC_KEY_FALSE(nacre_fetches_late);
DEFINE_STATIC_KEY_FALSE(nacre_tells_lengths);
DEFINE_STATIC_KEY_FALSE(nacre_emulates_modes);

static const struct nacre_backend *const backends[] = {
	&nacre_vmx_backend,
	&nacre_svm_backend,
};

static const struct nacre_backend *bound;

const struct nacre_backend *nacre_backend(void)
{
	return bound;
}

/* -ENODEV from ident(): not this vendor's processor; another may say yes. */
static const struct nacre_backend *identify(void)
{
	const char *why = "no virtualization extension that nacre can use";
	int err = -ENODEV;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(backends) && err == -ENODEV; i++) {
		err = backends[i]->ident(&why);
		if (!err)
			return backends[i];
	}
	pr_err("cannot run on this processor: %s\n", why);
	return ERR_PTR(err == -ENODEV ? -EOPNOTSUPP : err);
}

#define BIND(ret, name, args)	static_call_update(nacre_##name, b->name);

int nacre_backend_bind(void)
{
	const struct nacre_backend *b = identify();

	if (IS_ERR(b))
		return PTR_ERR(b);
	NACRE_BACKEND_OPS(BIND, BIND)
	if (b->fetch_lazy)
		static_branch_enable(&nacre_fetches_late);
	bound = b;
	return 0;
}
